// Hands parts of a JSON Lines file to worker threads and merges their answers in the order of the file.
import { open, type FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { workerFile } from '../data/workerFile.ts';
import type { PartResult } from './rowReader.ts';
import type { LintWorkerData, PartAnswer, PartRequest } from './workerMessages.ts';

export interface PartsOptions {
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (bytesDone: number) => void;
  /** Called in the order of the file with the lines before the part. */
  readonly merge: (result: PartResult, lineBase: number) => void;
}

/** Bytes of a part, before it is extended to the end of its last line. */
const partBytes = 4 * 2 ** 20;

/** Resolves when all parts are merged; throws the signal's reason, or what a worker threw. */
export async function checkParts(data: LintWorkerData, size: number, options: PartsOptions): Promise<void> {
  const handle = await open(data.file, 'r');
  const workers = Array.from(
    { length: options.threads },
    () => new Worker(workerFile('lint-worker'), { workerData: data }),
  );
  const merger = new Merger(options);
  const requests = partsOf(handle, size);
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let next = await requests.next(); !next.done; next = await requests.next()) {
          options.signal?.throwIfAborted();
          merger.add(await ask(worker, next.value), next.value);
        }
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    await handle.close();
  }
}

/** Ranges of whole lines. */
async function* partsOf(handle: FileHandle, size: number): AsyncGenerator<PartRequest, undefined> {
  let start = 0;
  for (let part = 0; start < size; part += 1) {
    const end = await lineEndAfter(handle, Math.min(start + partBytes, size), size);
    yield { part, start, end, isFileEnd: end === size };
    start = end;
  }
  return undefined;
}

/** Offset after the first `\n` at or after `from`, or the end of the file. */
async function lineEndAfter(handle: FileHandle, from: number, size: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  for (let at = from; at < size;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) break;
    const found = buffer.subarray(0, bytesRead).indexOf(0x0a);
    if (found !== -1) return at + found + 1;
    at += bytesRead;
  }
  return size;
}

function ask(worker: Worker, request: PartRequest): Promise<PartAnswer> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const onMessage = (answer: PartAnswer): void => {
      done();
      resolve(answer);
    };
    const fail = (error: Error): void => {
      done();
      reject(error);
    };
    const onError = (error: unknown): void => fail(error instanceof Error ? error : new Error(String(error)));
    const onExit = (code: number): void => fail(new Error(`a checking thread ended with exit code ${code}`));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(request);
  });
}

/** Holds answers back until those before them have come. */
class Merger {
  private readonly options: PartsOptions;
  private readonly waiting = new Map<number, { answer: PartAnswer; end: number }>();
  private next = 0;
  private lines = 0;

  constructor(options: PartsOptions) {
    this.options = options;
  }

  add(answer: PartAnswer, { part, end }: PartRequest): void {
    this.waiting.set(part, { answer, end });
    for (let ready = this.waiting.get(this.next); ready !== undefined; ready = this.waiting.get(this.next)) {
      this.waiting.delete(this.next);
      this.options.merge(ready.answer.result, this.lines);
      this.lines += ready.answer.lines;
      this.next += 1;
      this.options.onProgress(ready.end);
    }
  }
}
