// The losses of a row token by token, as the trainer makes its tokens and as its engine computes them.
import { resolve } from 'node:path';
import { governing } from '../../data/governing.ts';
import { packRows } from '../../data/packing.ts';
import { mainRecord } from '../../data/records.ts';
import { encodingOf, encodingRequest } from '../../data/prepareDataset.ts';
import { encodeWhole, type EncodeOptions } from '../../data/template/encodeRecord.ts';
import type { TrainingSession } from '../../engine/session.ts';
import { readValue, recordOf, type Reading } from '../../preview/readRow.ts';
import type { RowBytes } from '../../preview/rowFile.ts';
import { ProblemError } from '../../protocol/problem.ts';
import type { TrainedModel } from '../../trainer/trainedModel.ts';
import { folderOf, type AskedModel } from './openAsked.ts';

export interface TokenLoss {
  readonly id: number;
  /** The characters that it covers; its name where the template added it. */
  readonly text: string;
  readonly trained: boolean;
  /** Negative log-likelihood in nats, given the tokens before it; the first token of a row has none. */
  readonly loss?: number;
}

export interface RowLosses {
  /** From 1. */
  readonly row: number;
  readonly line: number;
  /** Mean over the trained tokens, as a run reports it; absent where none is trained. */
  readonly loss?: number;
  readonly trained: number;
  /** Tokens that training sees: what lies behind data.max_length is left out. */
  readonly tokens: readonly TokenLoss[];
  /** Why a run would not train on the row. */
  readonly problem?: string;
}

export interface RowReading {
  readonly reading: Reading;
  readonly options: EncodeOptions;
}

/** How the config of a model reads the rows of a file, and makes tokens of them. */
export async function readingOf(
  asked: AskedModel,
  { config, model }: Pick<TrainedModel, 'config' | 'model'>,
  dataset: string,
): Promise<RowReading> {
  const { data } = config;
  const [source] = await governing(resolve(dataset), [{ file: asked.configFile, config: asked.parsed.config }]);
  const options = await encodingOf(encodingRequest(data, folderOf(asked)), model);
  const reading = source ?? { format: data.format, columns: { ...data.columns } };
  return { reading: { format: reading.format, columns: reading.columns }, options };
}

/** Losses of one row, of a pair those of its chosen side; a row that no run would train on has a problem and no tokens. */
export async function lossesOfRow(
  row: RowBytes,
  { reading, options }: RowReading,
  session: TrainingSession,
): Promise<RowLosses> {
  const place = { row: row.row + 1, line: row.line };
  const made = tokensOf(row, reading, options);
  if ('problem' in made) return { ...place, trained: 0, tokens: [], problem: made.problem };
  const { tokens } = made;
  const losses = await lossesOf(session, tokens);
  const told = tokens.map((token, i): TokenLoss => (i === 0 ? token : { ...token, loss: losses[i - 1] ?? NaN }));
  const trained = told.filter(({ trained, loss }) => trained && loss !== undefined);
  const sum = trained.reduce((total, { loss }) => total + (loss ?? 0), 0);
  return {
    ...place,
    ...(trained.length > 0 ? { loss: sum / trained.length } : {}),
    trained: trained.length,
    tokens: told,
  };
}

function tokensOf(
  row: RowBytes,
  reading: Reading,
  options: EncodeOptions,
): { readonly tokens: readonly TokenLoss[] } | { readonly problem: string } {
  const read = readValue(row, reading);
  if ('problem' in read) return read;
  const { record, issues } = recordOf(read, reading);
  if (!record) return { problem: issues.map(({ message }) => message).join(' ') || 'The row is of no known format.' };
  try {
    const { laidOut, row: whole } = encodeWhole(mainRecord(record), options);
    const { ids, mask, starts, ends } = whole;
    if (ids.length > options.maxLength && options.overflow !== 'truncate')
      return { problem: `The row has ${ids.length} tokens, and data.max_length is ${options.maxLength}.` };
    const tokens = ids.slice(0, options.maxLength).map((id, i): TokenLoss => {
      const [start = 0, end = 0] = [starts[i], ends[i]];
      const text = end > start ? laidOut.text.slice(start, end) : (options.tokenizer.idToToken(id) ?? '');
      return { id, text, trained: mask[i] === 1 };
    });
    return { tokens };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { problem: error.problems[0]?.message ?? error.message };
  }
}

/** Losses of every token but the first, [T − 1]. */
async function lossesOf(session: TrainingSession, tokens: readonly TokenLoss[]): Promise<Float32Array> {
  if (tokens.length < 2) return new Float32Array();
  const ids = Int32Array.from(tokens, ({ id }) => id);
  const row = { sampleId: 'row', tokens: ids, mask: new Uint8Array(ids.length).fill(1) };
  const { tokenLosses } = await session.evaluate(packRows([row], { capacity: 0, packing: false }));
  return tokenLosses[0] ?? new Float32Array();
}
