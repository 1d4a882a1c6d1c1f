// A worker thread that encodes rows: makes the encoder once, then answers each batch with its tokens.
import { parentPort, workerData } from 'node:worker_threads';
import { encoderOf } from '../rowEncoder.ts';
import { RowsEncoder } from './encodeRows.ts';
import type { BatchAnswer, BatchRequest, EncodingWorkerData } from './encodingMessages.ts';
import { piecesOf } from './rowBatch.ts';

const { recipe, findingLimit } = workerData as EncodingWorkerData;
const encode = encoderOf(recipe);
let encoder: RowsEncoder | undefined;

parentPort?.on('message', ({ source, batch }: BatchRequest) => {
  if (source) encoder = new RowsEncoder(source, encode, findingLimit);
  if (!encoder) throw new Error('the first batch names no source');
  for (const piece of piecesOf(batch)) encoder.addPiece(piece);
  const answer: BatchAnswer = encoder.take();
  const { tokens, mask, fields, records } = answer.block;
  parentPort?.postMessage(answer, [tokens.buffer, mask.buffer, fields.buffer, records.buffer]);
});
