// package.json, editor tasks and README name things that exist, in both directions.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allowedRooms } from '../../../scripts/room-rules.mjs';
import { commands } from '../../../src/cli/program.ts';
import { importsOf } from './imports.ts';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = readJson<Manifest>('package.json');
const readme = readFileSync('README.md', 'utf8');

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

test('scripts run files that exist', () => {
  const named = Object.values(manifest.scripts).flatMap((script) => script.match(/\bscripts\/[\w.-]+/g) ?? []);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((file) => !existsSync(file))).toEqual([]);
});

test('editor tasks and launches name scripts and tasks that exist', () => {
  const { tasks } = readJson<{ tasks: { label: string; script: string }[] }>('.vscode/tasks.json');
  const { configurations } = readJson<{ configurations: { preLaunchTask?: string }[] }>('.vscode/launch.json');
  expect(tasks.map(({ script }) => script).filter((script) => !(script in manifest.scripts))).toEqual([]);
  const labels = tasks.map(({ label }) => label);
  expect(configurations.flatMap(({ preLaunchTask }) => preLaunchTask ?? [])).toSatisfy((used: string[]) =>
    used.every((label) => labels.includes(label)),
  );
});

test('what is published is there', () => {
  const made = ['dist'];
  expect(manifest.files.filter((file) => !made.includes(file) && !existsSync(file))).toEqual([]);
  expect(Object.values(manifest.bin)).toEqual(['dist/cli.js']);
});

test('versions are exact, so that a clone today is a clone next year', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies };
  expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test('every dependency is imported, and everything imported is a dependency', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const imported = files.flatMap((name) => importsOf(readFileSync(join('src', name), 'utf8')));
  const packages = imported
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:') && target !== 'vscode')
    .map((target) =>
      target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  const used = new Set(packages.filter((name) => !builtinModules.includes(name)));
  const runtime = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  const types = new Set(['@tensorflow/tfjs']); // only its types: the code is that of the optional peer
  expect([...used].filter((name) => !runtime.includes(name) && !types.has(name))).toEqual([]);
  const awaited = ['chokidar']; // the editor's run explorer watches with it
  const text = files.map((name) => readFileSync(join('src', name), 'utf8')).join('\n');
  const unused = runtime.filter((name) => !used.has(name) && !text.includes(`'${name}'`));
  expect(unused.filter((name) => !awaited.includes(name))).toEqual([]);
});

test('an optional peer must not be installed for everybody', () => {
  for (const name of Object.keys(manifest.peerDependencies)) {
    expect(manifest.peerDependenciesMeta[name]?.optional, name).toBe(true);
  }
});

test('the README lists every command, and none that there is not', () => {
  const listed = [...readme.matchAll(/^\| `finetune ([a-z]+)/gm)].map((match) => match[1]);
  const also = [...readme.matchAll(/^\| `finetune \w+`, `(\w+)/gm)].map((match) => match[1]);
  expect([...listed, ...also].toSorted()).toEqual(commands.map(({ name }) => name).toSorted());
});

test('links of the documents lead to files', () => {
  for (const file of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']) {
    const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? '');
    expect(
      links.filter((link) => !existsSync(link)),
      file,
    ).toEqual([]);
  }
});

test('ARCHITECTURE.md tells the same rooms and imports as the rules', () => {
  const text = readFileSync('ARCHITECTURE.md', 'utf8');
  const rows = [...text.matchAll(/^\| `src\/(\w+)`.*\|\s*([^|]+?)\s*\|$/gm)].map((match) => [match[1], match[2]]);
  const pure = ['protocol', 'metrics', 'config'];
  const told = new Map(
    rows.map(([room = '', imports = '']) => [room, imports.replace('the pure rooms', pure.join(', ')).split(', ')]),
  );
  expect([...told.keys()].toSorted()).toEqual(Object.keys(allowedRooms).toSorted());
  const rooms = Object.keys(allowedRooms);
  for (const [room, imports] of told) {
    const names = imports.includes('nothing')
      ? []
      : imports.includes('all of the above')
        ? rooms.slice(0, rooms.indexOf(room))
        : imports;
    expect(names.toSorted(), room).toEqual([...(allowedRooms[room] ?? [])].toSorted());
  }
});
