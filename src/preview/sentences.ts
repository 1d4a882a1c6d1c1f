// Errors as sentences for the panel.
import { ProblemError } from '../protocol/problem.ts';

export function sentenceOf(error: unknown): string {
  if (error instanceof ProblemError)
    return error.problems
      .slice(0, 3)
      .map(({ message }) => message)
      .join(' ');
  return error instanceof Error ? error.message : String(error);
}

/** True for what a signal throws that was told to end. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
