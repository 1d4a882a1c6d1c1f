// Collects what was found in the rows: all of it counted, the first of each severity kept.
import { ProblemError, type Problem, type Severity } from '../../protocol/problem.ts';

export class Findings {
  private readonly limit: number;
  private readonly kept: Problem[] = [];
  private readonly bySeverity = new Map<Severity, number>();
  private readonly byCode = new Map<string, number>();

  /** `limit`: problems kept of each severity. */
  constructor(limit: number) {
    this.limit = limit;
  }

  add(found: Problem): void {
    const count = this.bySeverity.get(found.severity) ?? 0;
    if (count < this.limit) this.kept.push(found);
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

  /** The errors as one throwable, headed by their count where not all are listed. */
  toError(): ProblemError {
    const errors = this.kept.filter((found) => found.severity === 'error');
    if (errors.length === this.errors) return new ProblemError(errors);
    const codes = [...this.byCode].map(([code, count]) => `${code}: ${count.toLocaleString('en-US')}`);
    const message = `The data has ${this.errors.toLocaleString('en-US')} errors; the first ${errors.length} are listed.`;
    return new ProblemError([{ code: 'data/bad-rows', severity: 'error', message, details: codes }, ...errors]);
  }
}
