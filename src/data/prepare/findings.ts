// Collects what was found in the rows: all of it counted, the first of each severity and of each code kept.
import { ProblemError, type Problem, type Severity } from '../../protocol/problem.ts';

/** What was found in some of the rows, for whoever puts the parts together in their order. */
export interface FoundPart {
  readonly kept: readonly Problem[];
  readonly bySeverity: ReadonlyMap<Severity, number>;
  readonly byCode: ReadonlyMap<string, number>;
}

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
    raise(this.bySeverity, found.severity, 1);
    raise(this.byCode, found.code, 1);
  }

  /**
   * Everything that was found in later rows, of which a Findings of the same limit has kept all that is to be kept here:
   * the same list and counts as if each had been added.
   */
  addPart({ kept, bySeverity, byCode }: FoundPart): void {
    const unkept = [new Map(bySeverity), new Map(byCode)] as const;
    for (const found of kept) {
      this.add(found);
      lower(unkept[0], found.severity);
      lower(unkept[1], found.code);
    }
    for (const [severity, count] of unkept[0]) raise(this.bySeverity, severity, count);
    for (const [code, count] of unkept[1]) raise(this.byCode, code, count);
  }

  get part(): FoundPart {
    return { kept: this.kept, bySeverity: this.bySeverity, byCode: this.byCode };
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

function raise<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function lower<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) - 1);
}
