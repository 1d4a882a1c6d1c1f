// Files for the tests of the preview: written into a folder that goes away, opened and indexed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { RowFile } from '../../../src/preview/rowFile.ts';

const folders: string[] = [];
const opened: RowFile[] = [];

/** Call once in a test file: closes and removes what its tests have made. */
export function cleanUp(): void {
  afterAll(async () => {
    for (const file of opened.splice(0)) await file.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
}

export function written(name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'preview-test-'));
  folders.push(folder);
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

export async function openedFile(file: string): Promise<RowFile> {
  const rows = await RowFile.open(file, 'data');
  opened.push(rows);
  await rows.index(() => undefined, new AbortController().signal);
  return rows;
}

export async function indexed(name: string, content: string | Uint8Array): Promise<RowFile> {
  return openedFile(written(name, content));
}

export const never = new AbortController().signal;
