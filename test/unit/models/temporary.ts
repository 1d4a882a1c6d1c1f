// A folder for one test file, removed at its end; and the codes of the problems that a promise is rejected with.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ProblemError } from '../../../src/protocol/problem.ts';

export function temporaryFolder(): (...parts: string[]) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'finetune-models-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}

/** The problem that something ends with; anything else, success included, fails the test. */
export async function problemOf(action: () => unknown): Promise<{ code: string; message: string; file?: string }> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const first = error.problems[0]!;
    return { code: first.code, message: first.message, ...(first.place && { file: first.place.file }) };
  }
  throw new Error('no problem was thrown');
}
