// Collects what was found in the rows: all of it counted, the first of each severity and of each code kept.
import { ProblemError, type Problem, type Severity } from '../../protocol/problem.ts';

export class Findings {
  private readonly limit: number;
  private readonly kept: Problem[] = [];
  private readonly bySeverity = new Map<Severity, number>();
  private readonly byCode = new Map<string, number>();

  /** `limit`: problems kept of each severity, and one of each code. */
  constructor(limit: number) {
    this.limit = limit;
  }

  add(found: Problem): void {
    const count = this.bySeverity.get(found.severity) ?? 0;
    // Of every code there is an example, even where others fill the list.
    if (count < this.limit || !this.byCode.has(found.code)) this.kept.push(found);
    this.bySeverity.set(found.severity, count + 1);
    this.byCode.set(found.code, (this.byCode.get(found.code) ?? 0) + 1);
  }

  get errors(): number {
    return this.bySeverity.get('error') ?? 0;
  }

  /** The kept problems, in the order in which they were found. */
  get list(): readonly Problem[] {
    return this.kept;
  }

  /** How often each code was found, kept or not. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.byCode);
  }

  /** The errors as one throwable; a summary heads them when not all are listed, or when there are `remarks` on the whole. */
  toError(remarks: readonly string[] = []): ProblemError {
    const errors = this.kept.filter((found) => found.severity === 'error');
    const hidden = errors.length < this.errors;
    if (!hidden && remarks.length === 0) return new ProblemError(errors);
    const count = this.errors === 1 ? '1 error' : `${this.errors.toLocaleString('en-US')} errors`;
    const message = `The data has ${count}${hidden ? `; the first ${errors.length} are listed` : ''}.`;
    const codes = hidden ? [...this.byCode].map(([code, times]) => `${code}: ${times.toLocaleString('en-US')}`) : [];
    return new ProblemError([
      { code: 'data/bad-rows', severity: 'error', message, details: [...remarks, ...codes] },
      ...errors,
    ]);
  }
}
