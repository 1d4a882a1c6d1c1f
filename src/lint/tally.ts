// What was found in a file of any size: all of it counted, the first places of each code kept.
import type { Severity } from '../protocol/problem.ts';
import type { Finding } from './finding.ts';

/** Findings of a code that are kept with their places, unless more are wanted. */
export const keptPlaces = 5;

export interface CodeCount {
  readonly code: string;
  readonly count: number;
  /** The worst one that was reported. */
  readonly severity: Severity;
  /** The first findings, in the order of lines. */
  readonly first: readonly Finding[];
}

const order: readonly Severity[] = ['error', 'warning', 'information', 'hint'];

export class Tally {
  private readonly places: number;
  private readonly byCode = new Map<string, { count: number; severity: Severity; first: Finding[] }>();

  /** `places`: findings of a code that are kept with their places. */
  constructor(places = keptPlaces) {
    this.places = places;
  }

  /** True when the places of a code are all that are kept. */
  isFull(code: string): boolean {
    return (this.byCode.get(code)?.first.length ?? 0) >= this.places;
  }

  add(finding: Finding): void {
    this.addCount({ code: finding.code, count: 1, severity: finding.severity, first: [finding] }, 0);
  }

  /** Adds counts of a later part of the file, whose lines begin after `lineBase` lines. */
  addCount({ code, count, severity, first }: CodeCount, lineBase: number): void {
    const known = this.byCode.get(code) ?? { count: 0, severity, first: [] };
    known.count += count;
    if (order.indexOf(severity) < order.indexOf(known.severity)) known.severity = severity;
    for (const finding of first.slice(0, this.places - known.first.length))
      known.first.push({ ...finding, line: finding.line + lineBase });
    this.byCode.set(code, known);
  }

  /** Errors first, then the most frequent. */
  get counts(): CodeCount[] {
    return [...this.byCode]
      .map(([code, counted]) => ({ code, ...counted }))
      .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.count - a.count);
  }
}
