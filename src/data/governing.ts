// Which configs govern a data file, and which of them first: the one answer for the lens, the preview and the linter.
import { realpath } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { defaults } from '../config/schema.generated.ts';
import { ProblemError } from '../protocol/problem.ts';
import type { Columns, Format } from './formats/format.ts';
import { resolveSources, type SourceSpec } from './sources.ts';

/** A config that may name a data file. */
export interface Candidate {
  /** Absolute path of the config. */
  readonly file: string;
  readonly config: FinetuneConfig;
}

/** How a config reads a data file that it names. */
export interface Governs {
  readonly part: 'train' | 'validation';
  readonly format: Format | 'auto';
  readonly columns: Columns;
}

/** Names of config files, as a pattern for the folder that they are searched in, and what is not searched. */
export const configPattern = '**/*.finetune.{yaml,yml,json}';
export const unsearched = ['**/node_modules/**', '**/.finetune/**', '**/.git/**'];

/**
 * The candidates that name the file in data.train or data.validation, links followed: those of the nearest folder first,
 * then by path. The first one governs where nobody has chosen another.
 */
export async function governing<C extends Candidate>(
  dataFile: string,
  candidates: readonly C[],
): Promise<(C & Governs)[]> {
  const real = await realpath(dataFile).catch(() => dataFile);
  const found = await Promise.all(
    candidates.map(async (candidate) => {
      const governs = await readingOf(candidate, real);
      return governs && { ...candidate, ...governs };
    }),
  );
  return found.filter((each) => each !== undefined).sort((a, b) => nearer(dataFile, a.file, b.file));
}

async function readingOf({ file, config }: Candidate, dataFile: string): Promise<Governs | undefined> {
  const { data } = config;
  const all = { format: data.format ?? defaults.data.format, columns: { ...data.columns } };
  const train: SourceSpec[] =
    typeof data.train === 'string'
      ? [{ path: data.train }]
      : data.train.map(({ columns, ...rest }) => ({ ...rest, ...(columns ? { columns: { ...columns } } : {}) }));
  const validation = typeof data.validation === 'string' ? [{ path: data.validation }] : [];
  for (const [part, specs] of [
    ['train', train],
    ['validation', validation],
  ] as const) {
    const source = await sourceOf(specs, dirname(file), all, dataFile);
    if (source) return { part, ...source };
  }
  return undefined;
}

async function sourceOf(
  specs: readonly SourceSpec[],
  folder: string,
  all: { readonly format: Format | 'auto'; readonly columns: Columns },
  dataFile: string,
): Promise<Omit<Governs, 'part'> | undefined> {
  for (const spec of specs) {
    try {
      for (const { file, format, columns } of await resolveSources([spec], folder, all)) {
        if (file === dataFile || (await realpath(file).catch(() => file)) === dataFile) return { format, columns };
      }
    } catch (error) {
      // The config names files that are not there; its own diagnostics say so.
      if (!(error instanceof ProblemError)) throw error;
    }
  }
  return undefined;
}

function nearer(dataFile: string, a: string, b: string): number {
  const distance = (file: string): number => relative(dirname(file), dataFile).split(/[\\/]/).length;
  return distance(a) - distance(b) || (a < b ? -1 : 1);
}
