// Temporary data files for the tests of the data room, and readers of all their rows.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { ProblemError, type Problem } from '../../../src/protocol/problem.ts';
import { readRows, type ReadOptions } from '../../../src/data/read/readRows.ts';
import type { SourceRow } from '../../../src/data/read/row.ts';

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'finetune-data-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function writeData(folder: string, name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

export async function readAll(
  file: string,
  shownAs: string,
  options: ReadOptions = {},
): Promise<{ rows: SourceRow[]; problems: Problem[] }> {
  const rows: SourceRow[] = [];
  const problems: Problem[] = [];
  for await (const read of readRows(file, shownAs, options)) {
    if (read.ok) rows.push(read.row);
    else problems.push(read.problem);
  }
  return { rows, problems };
}

/** The problems that a call throws; fails when it does not throw a ProblemError. */
export async function problemsOf(call: () => unknown): Promise<readonly Problem[]> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export function jsonl(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
