// A worker thread of a check: reads parts of the file itself and answers with what it found in them.
import { openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { lineContext } from './line.ts';
import { RowReader } from './rowReader.ts';
import type { LintWorkerData, PartAnswer, PartRequest } from './workerMessages.ts';

const { file, settings, format, places } = workerData as LintWorkerData;
const descriptor = openSync(file, 'r');
const context = lineContext(settings, format);
/** Used again for each part. */
let buffer = Buffer.alloc(0);

parentPort?.on('message', ({ part, start, end, isFileEnd }: PartRequest) => {
  if (buffer.length < end - start) buffer = Buffer.allocUnsafe(end - start);
  const bytes = buffer.subarray(0, end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const read = readSync(descriptor, bytes, filled, bytes.length - filled, start + filled);
    if (read === 0) throw new Error(`${file} became shorter while it was read.`);
    filled += read;
  }
  const reader = new RowReader(context, 'lines', places);
  const lines = reader.addLines(bytes, start, isFileEnd);
  const answer: PartAnswer = { part, lines, result: reader.result };
  parentPort?.postMessage(answer);
});
