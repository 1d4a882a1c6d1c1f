// What the preparation of a dataset found and made: shown by `finetune check`, recorded in run.json.
import type { Problem } from '../../protocol/problem.ts';
import type { DatasetTotals } from '../dataset.ts';
import { isObject } from '../formats/fields.ts';
import type { Format } from '../formats/format.ts';
import type { LengthStatistics } from './lengths.ts';

/** What is known only while rows are encoded; kept in the cache's meta.json. */
export interface BuildReport {
  readonly files: readonly FileReport[];
  /** Rows longer than `max_length` that were cut, and the tokens that they lost. */
  readonly truncatedRows: number;
  readonly lostTokens: number;
  /** Rows left out by `overflow: drop`. */
  readonly droppedRows: number;
  /** Rows left out because no token of theirs would be trained. */
  readonly untrainedRows: number;
  /** Warnings and hints: the first of them, with places. */
  readonly findings: readonly Problem[];
  /** How often each code was found. */
  readonly findingCounts: Readonly<Record<string, number>>;
}

export interface FileReport {
  readonly path: string;
  /** The path or glob of the config that led to the file. */
  readonly writtenAs: string;
  readonly sha256: string;
  readonly rows: number;
  readonly format: Format;
  /** How the format was told, such as `format: instruction, 998 of 1,000 rows; …`. */
  readonly formatSummary: string;
}

export interface PartReport extends BuildReport {
  readonly totals: DatasetTotals;
  readonly lengths: LengthStatistics;
  /** Rows whose content stands in an earlier row already. */
  readonly duplicateRows: number;
  /** True when nothing had to be tokenised. */
  readonly fromCache: boolean;
  /** sha256 of the stored files together, of the tokens and of the mask. */
  readonly hashes: { readonly data: string; readonly tokens: string; readonly mask: string };
}

export interface DatasetReport {
  /** All rows of `data.train`, before the split. */
  readonly train: PartReport;
  /** Rows of a validation file; absent when validation is a share of train. */
  readonly validation?: PartReport;
  /** Rows of an epoch after split and weights. */
  readonly trainTotals: DatasetTotals;
  readonly validationTotals?: DatasetTotals;
  /** Rows of the validation file whose content is also in train. */
  readonly leakedRows: number;
  readonly findings: readonly Problem[];
}

/** Whether what a cache entry carries is a report of this program; its checksum was verified before. */
export function isBuildReport(value: unknown): value is BuildReport {
  const counts = ['truncatedRows', 'lostTokens', 'droppedRows', 'untrainedRows'];
  return (
    isObject(value) &&
    Array.isArray(value.files) &&
    Array.isArray(value.findings) &&
    counts.every((name) => typeof value[name] === 'number')
  );
}
