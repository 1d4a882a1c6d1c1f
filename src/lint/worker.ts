// A worker thread of a check: reads parts of the file itself and answers with what it found in them.
import { openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { LineSplitter } from '../data/read/lineSplitter.ts';
import { defaultRowLimit } from '../data/read/readRows.ts';
import { lineContext } from './line.ts';
import { RowReader } from './rowReader.ts';
import type { LintWorkerData, PartAnswer, PartRequest } from './workerMessages.ts';

const { file, settings, format } = workerData as LintWorkerData;
const descriptor = openSync(file, 'r');
const context = lineContext(settings, format);

parentPort?.on('message', ({ part, start, end, isFileEnd }: PartRequest) => {
  const bytes = Buffer.allocUnsafe(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const read = readSync(descriptor, bytes, filled, bytes.length - filled, start + filled);
    if (read === 0) throw new Error(`${file} became shorter while it was read.`);
    filled += read;
  }
  const splitter = new LineSplitter(defaultRowLimit, start);
  const reader = new RowReader(context, 'lines');
  let lines = 0;
  for (const piece of splitter.push(bytes)) reader.add(piece, false);
  for (const piece of splitter.end()) reader.add(piece, isFileEnd);
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  const answer: PartAnswer = { part, lines, result: reader.result };
  parentPort?.postMessage(answer);
});
