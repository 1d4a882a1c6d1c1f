// The objective's own numbers as one number for each name: what a step's or an evaluation's event tells beside the loss.

import type { Observed } from '../engine/session.ts';

/**
 * Means over all terms; the smallest and the largest of them for names that end in `/min` and `/max`. What is not finite is
 * left out.
 */
export function summarise(observed: Observed): Record<string, number> {
  const entries = Object.entries(observed).map(
    ([name, values]) => [name, summaryOf(name, Array.from(values))] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
}

/** The numbers of several parts, one after another. */
export function joined(parts: readonly Observed[]): Observed {
  const names = new Set(parts.flatMap((part) => Object.keys(part)));
  return Object.fromEntries([...names].map((name) => [name, parts.flatMap((part) => Array.from(part[name] ?? []))]));
}

function summaryOf(name: string, values: readonly number[]): number {
  if (name.endsWith('/min')) return values.reduce((a, b) => Math.min(a, b), Infinity);
  if (name.endsWith('/max')) return values.reduce((a, b) => Math.max(a, b), -Infinity);
  return values.reduce((a, b) => a + b, 0) / values.length;
}
