// What the two sides of the engine's worker thread say to each other: calls, pulls from iterators, answers.

import { ProblemError } from '../protocol/problem.ts';
import type { Problem } from '../protocol/problem.ts';

export type WorkerMethod =
  | 'create'
  | 'step'
  | 'evaluate'
  | 'probe'
  | 'restore'
  | 'memory'
  | 'close'
  | 'generate'
  | 'trainedTensors'
  | 'optimizerTensors';

/** `open` starts an iterator whose items are pulled by `next`; `return` ends it early. */
export type WorkerRequest =
  | { readonly id: number; readonly kind: 'call'; readonly method: WorkerMethod; readonly args: readonly unknown[] }
  | { readonly id: number; readonly kind: 'open'; readonly method: WorkerMethod; readonly args: readonly unknown[] }
  | { readonly id: number; readonly kind: 'next' | 'return'; readonly iterator: number };

export type WorkerAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: SentError };

export interface SentError {
  readonly message: string;
  readonly stack: string | undefined;
  readonly problems: readonly Problem[] | undefined;
}

/** An error as plain data: problems for people travel whole. */
export function sendError(error: unknown): SentError {
  const stack = error instanceof Error ? error.stack : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return { message, stack, problems: error instanceof ProblemError ? error.problems : undefined };
}

export function receiveError({ message, stack, problems }: SentError): Error {
  if (problems) return new ProblemError(problems);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
