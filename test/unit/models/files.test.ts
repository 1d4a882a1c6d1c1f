import { readFile, readdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { explainReadError, explainWriteError, isProcessAlive, writeAtomically } from '../../../src/models/files.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';
import { problemOf, temporaryFolder } from './temporary.ts';

const path = temporaryFolder();
const systemError = (code: string) => Object.assign(new Error(code), { code });

test('a full disk while writing keeps the old file and says what to do', async () => {
  const file = path('x.bin');
  await writeFile(file, 'old');
  const found = await problemOf(() =>
    writeAtomically(file, async (handle) => {
      await handle.writeFile('half');
      throw systemError('ENOSPC');
    }),
  );
  expect(found.code).toBe('models/disk-full');
  expect(found.message).toContain(file);
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(path())).toEqual(['x.bin']);
});

test.each([
  ['EROFS', 'models/cannot-write'],
  ['EDQUOT', 'models/disk-full'],
])('%s on writing is %s', (system, code) => {
  const explained = explainWriteError(systemError(system), 'f');
  expect(explained instanceof ProblemError && explained.problems[0]!.code).toBe(code);
});

test('mistakes in the program are not taken for problems of the person', () => {
  const mistake = new RangeError('x');
  expect(explainWriteError(mistake, 'f')).toBe(mistake);
  expect(explainReadError(mistake, 'f')).toBe(mistake);
});

test('this process runs, an impossible one does not', () => {
  expect(isProcessAlive(process.pid)).toBe(true);
  expect(isProcessAlive(999_999_999)).toBe(false);
  expect(isProcessAlive(NaN)).toBe(false);
});
