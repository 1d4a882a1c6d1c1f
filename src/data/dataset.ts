// A tokenised dataset as a trainer sees it: rows of an epoch by index, read from the cache one at a time.
import type { CachedRows } from './cache/cacheReader.ts';

export interface TokenisedRow {
  /** Such as `data/train.jsonl:12`. */
  readonly sampleId: string;
  readonly tokens: Int32Array;
  /** 1 = trained; as long as `tokens`. The first token is never trained, whatever stands here. */
  readonly mask: Uint8Array;
  /** Of a pair: where its rejected side begins; all before it is the chosen one. */
  readonly rejectedFrom?: number;
  /** Of a prompt: the row's own fields, by which its answers are scored. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Of an answer: what it was worth, by itself or against others, as the objective wants it. */
  readonly worth?: number;
}

export interface DatasetTotals {
  readonly rows: number;
  readonly tokens: number;
  readonly trainedTokens: number;
}

export interface TokenisedDataset {
  /** Rows of one epoch; a row of a file with weight 2 counts twice. */
  readonly length: number;
  readonly totals: DatasetTotals;
  row(index: number): TokenisedRow;
  /** Counts of a row, from the index in memory. */
  tokenCount(index: number): number;
  trainedCount(index: number): number;
  sampleId(index: number): string;
}

/** The rows of an open cache entry that `view` names, in its order, repeated where it repeats them. */
export function viewOf(cache: CachedRows, view: Uint32Array): TokenisedDataset {
  const at = (index: number): number => {
    const row = view[index];
    if (row === undefined) throw new RangeError(`row ${index} of a dataset of ${view.length}`);
    return row;
  };
  const sum = (count: (row: number) => number) => view.reduce((total, row) => total + count(row), 0);
  return {
    length: view.length,
    totals: {
      rows: view.length,
      tokens: sum((row) => cache.tokenCount(row)),
      trainedTokens: sum((row) => cache.trainedCount(row)),
    },
    row(index) {
      const row = at(index);
      const rejectedFrom = cache.rejectedFrom(row);
      const plain = { sampleId: cache.sampleId(row), tokens: cache.tokens(row), mask: cache.mask(row) };
      const fields = cache.fields(row);
      return { ...plain, ...(rejectedFrom === 0 ? {} : { rejectedFrom }), ...(fields ? { fields } : {}) };
    },
    tokenCount: (index) => cache.tokenCount(at(index)),
    trainedCount: (index) => cache.trainedCount(at(index)),
    sampleId: (index) => cache.sampleId(at(index)),
  };
}
