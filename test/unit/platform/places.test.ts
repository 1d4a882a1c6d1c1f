// Where things lie on the disk, and how much room is there.
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDirectory } from '../../../src/platform/cacheDirectory.ts';
import { freeDiskBytes } from '../../../src/platform/diskSpace.ts';

test('the cache lies where the operating system keeps caches, or where FINETUNE_CACHE says', () => {
  expect(cacheDirectory({}, 'linux', '/home/ada')).toBe(join('/home/ada', '.cache', 'finetune'));
  expect(cacheDirectory({ XDG_CACHE_HOME: '/x' }, 'linux', '/home/ada')).toBe(join('/x', 'finetune'));
  expect(cacheDirectory({}, 'darwin', '/Users/ada')).toBe(join('/Users/ada', 'Library', 'Caches', 'finetune'));
  expect(cacheDirectory({ LOCALAPPDATA: 'C:/L' }, 'win32', 'C:/U')).toBe(join('C:/L', 'finetune', 'cache'));
  expect(cacheDirectory({}, 'win32', 'C:/U')).toBe(join('C:/U', 'AppData', 'Local', 'finetune', 'cache'));
  expect(cacheDirectory({ FINETUNE_CACHE: 'here' }, 'linux', '/home/ada')).toBe(resolve('here'));
});

test('a folder that does not exist yet has the space of its parent', async () => {
  const here = await freeDiskBytes(tmpdir());
  const later = await freeDiskBytes(join(tmpdir(), 'not', 'there', 'yet'));
  expect(here).toBeGreaterThan(0);
  expect(Math.abs((later ?? 0) - (here ?? 0))).toBeLessThan(2 ** 32);
});
