// The package that people install: packing it warns of nothing, it is small, and holds one platform's native files.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** In bytes. */
const largest = 40e6;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-package-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Packs for a platform: what was said, the package's size in bytes, the names of its files. */
async function packageFor(target: string): Promise<{ said: string; size: number; names: string[] }> {
  const file = join(folder, `${target}.vsix`);
  const pack = ['scripts/package-vsix.mjs', '--target', target, '--out', file];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, pack);
  const bytes = await readFile(file);
  return { said: stdout + stderr, size: bytes.length, names: namesInZip(bytes) };
}

/** The names in a zip file's central directory: its end record tells where it begins and how many entries it has. */
function namesInZip(bytes: Buffer): string[] {
  const end = bytes.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
    const [name, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const text = bytes.toString('utf8', at + 46, at + 46 + name!);
    at += 46 + name! + extra! + comment!;
    return text;
  });
}

/** Platforms of the native files, such as `linux/x64`. */
function nativePlatforms(names: readonly string[]): string[] {
  const native = names.filter((name) => /\.(node|so|dylib|dll)(\.\d+)*$/.test(name));
  return [...new Set(native.map((name) => /bin\/napi-v\d+\/(\w+\/\w+)\//.exec(name)?.[1] ?? name))];
}

test('packing for Linux warns of nothing and stays small', async () => {
  const { said, size, names } = await packageFor('linux-x64');
  expect(said).not.toMatch(/warn|error|missing|deprecat/i);
  expect(said).toContain('DONE');
  expect(size).toBeLessThanOrEqual(largest);
  expect(nativePlatforms(names)).toEqual(['linux/x64']);
  for (const file of ['dist/extension.cjs', 'dist/trainer.js', 'dist/webview/dashboard.js', 'package.nls.zh-cn.json']) {
    expect(names).toContain(`extension/${file}`);
  }
  // Nothing of a checkout: sources but the worker's Python, tests, maps, runs, what its checks leave.
  const own = names.filter((name) => !/\/src\/torch\/(worker|locks)\//.test(name));
  expect(own.filter((name) => /\.(ts|map)$|\/(src|test|bench|\.finetune)\//.test(name))).toEqual([]);
  expect(names.filter((name) => /(_cache|__pycache__)\//.test(name))).toEqual([]);
});

test.each(['darwin-arm64', 'win32-x64'])(
  'the package for %s has the native files of that platform only',
  async (target) => {
    const { names, size } = await packageFor(target);
    expect(nativePlatforms(names)).toEqual([target.replace('-', '/')]);
    expect(size).toBeLessThanOrEqual(largest);
  },
);
