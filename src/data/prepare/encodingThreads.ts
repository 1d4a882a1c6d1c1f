// Encodes batches of rows on several threads, this one among them, and gives the results on in the order of the batches.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { workerFile } from '../workerFile.ts';
import type { RowEncoder } from './encoder.ts';
import { RowsEncoder, type EncodedRows, type RowSource } from './encodeRows.ts';
import type { BatchAnswer, BatchRequest, EncoderRecipe, EncodingWorkerData } from './encodingMessages.ts';
import { createPacer } from './pacer.ts';
import { piecesOf, type RowBatch } from './rowBatch.ts';

/** Batches that lie ready for a thread besides the one that it encodes, so that it never waits. */
const queued = 1;

export interface EncodingThreadsOptions {
  readonly recipe: EncoderRecipe;
  /** What this thread encodes with: the same as the recipe makes. */
  readonly encode: RowEncoder['encode'];
  readonly findingLimit: number;
  /** Threads besides this one. */
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/** Memory that threads besides this one may take together, each for itself, and for a token of its tokenizer. */
const memoryForThreads = 300e6;
const bytesOfThread = 90e6;
const bytesOfToken = 800;

/** How many threads besides this one are worth it: no more than there are cores, or memory for their tokenizers. */
export function usefulThreads(vocabSize: number): number {
  const fitting = Math.floor(memoryForThreads / (bytesOfThread + vocabSize * bytesOfToken));
  return Math.min(availableParallelism() - 1, Math.max(1, fitting));
}

interface Thread {
  readonly worker: Worker;
  /** The file of the last batch that it was given. */
  source: RowSource | undefined;
  /** Numbers of the batches that it was given and has not answered. */
  readonly waiting: number[];
}

export class EncodingThreads {
  private readonly options: EncodingThreadsOptions;
  private readonly threads: readonly Thread[];
  private readonly pace: () => Promise<void> | undefined;
  private readonly takes = new Map<number, (rows: EncodedRows) => void>();
  private readonly answers = new Map<number, EncodedRows>();
  /** Batches given so far, and those whose results were given on. */
  private given = 0;
  private taken = 0;
  private failure: Error | undefined;
  private wake = (): void => undefined;

  constructor(options: EncodingThreadsOptions) {
    this.options = options;
    const { recipe, findingLimit, signal } = options;
    this.pace = createPacer(signal, () => undefined);
    const workerData: EncodingWorkerData = { recipe, findingLimit };
    this.threads = Array.from({ length: options.threads }, () => this.start(workerData));
    signal?.addEventListener('abort', this.onAbort);
  }

  /**
   * Resolves when there is room for another batch; `take` gets the result when those of all batches before have been given
   * on. Throws the signal's reason, or what a thread threw.
   */
  async encode(source: RowSource, batch: RowBatch, take: (rows: EncodedRows) => void): Promise<void> {
    const number = this.given;
    this.given += 1;
    this.takes.set(number, take);
    const furthest = 2 * (queued + 1) * (this.threads.length + 1);
    while (number - this.taken >= furthest) await this.change();
    this.check();
    const [free] = this.threads
      .filter(({ waiting }) => waiting.length <= queued)
      .sort((a, b) => a.waiting.length - b.waiting.length);
    if (free) this.give(free, number, source, batch);
    else this.answered(number, await this.encodeHere(source, batch));
  }

  /** Resolves when all results have been given on. */
  async finish(): Promise<void> {
    while (this.taken < this.given) await this.change();
  }

  async close(): Promise<void> {
    this.options.signal?.removeEventListener('abort', this.onAbort);
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }

  private start(workerData: EncodingWorkerData): Thread {
    const worker = new Worker(workerFile('encoding-worker'), { workerData });
    const thread: Thread = { worker, source: undefined, waiting: [] };
    const fail = (error: unknown): void => {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
      this.wake();
    };
    worker.on('message', (answer: BatchAnswer) => {
      const number = thread.waiting.shift();
      if (number === undefined) fail('a thread that encodes rows answered without being asked');
      else this.answered(number, answer);
    });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(`a thread that encodes rows ended with exit code ${code}`));
    return thread;
  }

  private give(thread: Thread, number: number, source: RowSource, batch: RowBatch): void {
    const request: BatchRequest = { source: thread.source === source ? undefined : source, batch };
    thread.source = source;
    thread.waiting.push(number);
    thread.worker.postMessage(request, [batch.bytes.buffer]);
  }

  private async encodeHere(source: RowSource, batch: RowBatch): Promise<EncodedRows> {
    const encoder = new RowsEncoder(source, this.options.encode, this.options.findingLimit);
    for (const piece of piecesOf(batch)) {
      const pause = this.pace();
      if (pause) await pause;
      encoder.addPiece(piece);
    }
    return encoder.take();
  }

  private answered(number: number, rows: EncodedRows): void {
    this.answers.set(number, rows);
    for (let next = this.answers.get(this.taken); next !== undefined; next = this.answers.get(this.taken)) {
      this.answers.delete(this.taken);
      this.takes.get(this.taken)?.(next);
      this.takes.delete(this.taken);
      this.taken += 1;
    }
    this.wake();
  }

  private async change(): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.check();
  }

  private check(): void {
    this.options.signal?.throwIfAborted();
    if (this.failure) throw this.failure;
  }

  private readonly onAbort = (): void => this.wake();
}
