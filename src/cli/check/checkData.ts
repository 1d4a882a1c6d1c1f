// Lints data files, as `finetune check data.jsonl` does: the first is the training data, others are held out from it.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, normalize, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { configPattern, governing, unsearched, type Candidate, type Governs } from '../../data/governing.ts';
import { readHead } from '../../data/read/fileBytes.ts';
import { checkFile, type CheckProgress } from '../../lint/checkFile.ts';
import { collectFindings, lintLeak } from '../../lint/file.ts';
import type { FactColumns } from '../../lint/facts.ts';
import { parseSidecar, sidecarPath } from '../../lint/sidecar.ts';
import { defaultSettings, type LintSettings } from '../../lint/settings.ts';
import { Tally, type CodeCount } from '../../lint/tally.ts';
import { parseConfigFile } from '../readConfig.ts';

export interface DataReport {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly format: string;
  /** The config that names the file, whose format, columns and severities hold; absent when there is none. */
  readonly config?: string;
  readonly findings: readonly CodeCount[];
}

export interface CheckDataOptions {
  /** Severities that go before those of sidecar files. */
  readonly severities: LintSettings['severities'];
  /** Severities that go before those of configs, but not of sidecar files: an editor's setting. */
  readonly wanted: LintSettings['severities'];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Findings of a code that are listed with their places; 5 unless told. */
  readonly places?: number | undefined;
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
    const config = await governingConfig(resolve(file));
    const settings = await settingsOf(file, options, config);
    const { signal, onProgress, places } = options;
    const found = await checkFile(resolve(file), file, { settings, signal, onProgress, places });
    const tally = new Tally(places);
    for (const count of found.counts) tally.addCount(count, 0);
    if (train) await collectFindings(lintLeak(train, found.facts, settings), (leak) => tally.add(leak), { signal });
    train ??= found.facts;
    const { rows, bytes, format = 'unknown' } = found;
    const named = config ? { config: relative('.', config.file) || config.file } : {};
    reports.push({ file, rows, bytes, format, ...named, findings: tally.counts });
  }
  return reports;
}

/** The config that governs a data file, of those in the current folder, or beside a file that lies elsewhere. */
async function governingConfig(file: string): Promise<(Candidate & Governs) | undefined> {
  const isInside = !relative('.', file).startsWith('..') && !isAbsolute(relative('.', file));
  const cwd = isInside ? process.cwd() : dirname(file);
  const files = await glob(configPattern, { cwd, absolute: true, ignore: unsearched, onlyFiles: true });
  const candidates = await Promise.all(
    files.map(async (each) => {
      // Whoever asks about data hears of no fault in a config; the check of the config tells those.
      const { config } = await parseConfigFile(each, []).catch(() => ({ config: undefined }));
      return config && { file: normalize(each), config };
    }),
  );
  const [first] = await governing(
    file,
    candidates.filter((candidate) => candidate !== undefined),
  );
  return first;
}

/** What was asked for on the command line, else the sidecar, else what is wanted, else the config that governs the file. */
async function settingsOf(
  file: string,
  { severities, wanted }: CheckDataOptions,
  config: (Candidate & Governs) | undefined,
): Promise<LintSettings> {
  const path = sidecarPath(file);
  const sidecar = parseSidecar(existsSync(path) ? await readFile(path, 'utf8') : '', path);
  return {
    ...defaultSettings,
    ...sidecar,
    ...(config ? { format: config.format, columns: config.columns } : {}),
    severities: { ...config?.config.data.lint, ...wanted, ...sidecar.severities, ...severities },
  };
}
