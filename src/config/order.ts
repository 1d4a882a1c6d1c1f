// Problems in the order in which one reads the file.

import type { Problem } from '../protocol/problem.ts';

/** By line and column; those without a place first, equal ones as they were. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const line = (found: Problem): number => found.place?.line ?? 0;
  const column = (found: Problem): number => found.place?.column ?? 0;
  return [...problems].sort((a, b) => line(a) - line(b) || column(a) - column(b));
}
