// Lints data files, as `finetune check data.jsonl` does: the first is the training data, others are held out from it.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readHead } from '../../data/read/fileBytes.ts';
import { checkFile, type CheckProgress } from '../../lint/checkFile.ts';
import { collectFindings, lintLeak } from '../../lint/file.ts';
import type { FactColumns } from '../../lint/facts.ts';
import { parseSidecar, sidecarPath } from '../../lint/sidecar.ts';
import { defaultSettings, type LintSettings } from '../../lint/settings.ts';
import { Tally, type CodeCount } from '../../lint/tally.ts';

export interface DataReport {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly format: string;
  readonly findings: readonly CodeCount[];
}

export interface CheckDataOptions {
  /** Severities that go before those of sidecar files. */
  readonly severities: LintSettings['severities'];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** True for data files by their names, and for JSON files that hold a list; everything else is taken for a config. */
export async function isDataFile(file: string): Promise<boolean> {
  if (/\.(?:jsonl|ndjson|parquet|gz)$/i.test(file)) return true;
  if (!/\.json$/i.test(file)) return false;
  const head = await readHead(resolve(file), file, 1024).catch(() => Buffer.alloc(0));
  return head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
    .startsWith('[');
}

/** Throws a ProblemError for a file that cannot be read at all, or a bad sidecar; the signal's reason when aborted. */
export async function checkData(files: readonly string[], options: CheckDataOptions): Promise<DataReport[]> {
  const reports: DataReport[] = [];
  let train: FactColumns | undefined;
  for (const file of files) {
    const settings = await settingsOf(file, options.severities);
    const { signal, onProgress } = options;
    const found = await checkFile(resolve(file), file, { settings, signal, onProgress });
    const tally = new Tally();
    for (const count of found.counts) tally.addCount(count, 0);
    if (train) await collectFindings(lintLeak(train, found.facts, settings), (leak) => tally.add(leak), { signal });
    train ??= found.facts;
    const { rows, bytes, format = 'unknown' } = found;
    reports.push({ file, rows, bytes, format, findings: tally.counts });
  }
  return reports;
}

async function settingsOf(file: string, severities: LintSettings['severities']): Promise<LintSettings> {
  const path = sidecarPath(file);
  const sidecar = parseSidecar(existsSync(path) ? await readFile(path, 'utf8') : '', path);
  return { ...defaultSettings, ...sidecar, severities: { ...sidecar.severities, ...severities } };
}
