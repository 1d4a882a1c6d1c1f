// The rules between rooms, read from the imports themselves: lint can be switched off, this cannot.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allowedRooms, pureRooms } from '../../../scripts/room-rules.mjs';
import { importsOf } from './imports.ts';

const root = resolve('src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

interface Import {
  readonly from: string;
  readonly target: string;
}

const imports: Import[] = files.flatMap((name) =>
  importsOf(readFileSync(join(root, name), 'utf8')).map((target) => ({ from: name.split(sep).join('/'), target })),
);

function roomOf(name: string): string {
  return name.split('/')[0] ?? '';
}

test('imports are found in every form', () => {
  const source = `import type { A } from './a.ts';\nexport * from "./b.ts";\nimport './c.ts';\nconst d = await import('./d.ts');\nimport {\n  E,\n} from 'node:e';\n// import './f.ts'\n/* from './g.ts' */`;
  expect(importsOf(source)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', 'node:e']);
});

test('every room has its line in the table, and the table has no circles', () => {
  expect(files.length).toBeGreaterThan(50);
  expect([...new Set(files.map((name) => roomOf(name.split(sep).join('/'))))].toSorted()).toEqual(
    Object.keys(allowedRooms).toSorted(),
  );
  const reach = (room: string, seen: readonly string[]): void => {
    expect(seen, `${[...seen, room].join(' → ')} is a circle`).not.toContain(room);
    for (const next of allowedRooms[room] ?? []) reach(next, [...seen, room]);
  };
  for (const room of Object.keys(allowedRooms)) reach(room, []);
});

test('no file imports a room that its own may not', () => {
  const wrong = imports.flatMap(({ from, target }) => {
    if (!target.startsWith('.')) return [];
    const path = relative(root, resolve(root, dirname(from), target))
      .split(sep)
      .join('/');
    if (path.startsWith('../'))
      return path.startsWith('../schemas/') || path === '../package.json' ? [] : [`${from} → ${path}`];
    const allowed = [roomOf(from), ...(allowedRooms[roomOf(from)] ?? [])];
    return allowed.includes(roomOf(path)) ? [] : [`${from} → ${path}`];
  });
  expect(wrong).toEqual([]);
});

test('only the extension imports vscode', () => {
  const rooms = new Set(imports.filter(({ target }) => target === 'vscode').map(({ from }) => roomOf(from)));
  expect([...rooms]).toEqual(['extension']);
});

describe('pure rooms', () => {
  const pure = files.filter((name) => pureRooms.includes(name.split(sep)[0] ?? ''));

  test('import no part of Node', () => {
    const wrong = imports.filter(({ from, target }) => pureRooms.includes(roomOf(from)) && target.startsWith('node:'));
    expect(wrong).toEqual([]);
  });

  test('read no clock, no chance and no environment', () => {
    const wrong = pure.filter((name) => {
      const code = readFileSync(join(root, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\bprocess\.\w|\bcrypto\.\w/.test(code);
    });
    expect(wrong).toEqual([]);
  });
});

test('files say in their first line why they exist, and none is over 400 lines', () => {
  // What is generated is as long as its source makes it, and nobody reads it.
  const written = files.filter((name) => !name.endsWith('.generated.ts'));
  const long = written.filter((name) => readFileSync(join(root, name), 'utf8').split('\n').length > 401);
  expect(long).toEqual([]);
  const silent = written.filter((name) => {
    const source = readFileSync(join(root, name), 'utf8').replace(/^#!.*\n/, '');
    return !/^\/\/ \S.{10,}/.test(source);
  });
  expect(silent).toEqual([]);
});
