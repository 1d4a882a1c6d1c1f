// A problem told to a person: what is wrong, where, what to do. The one error type of every room.

/** A place in a file; line and column count from 1, as editors show them. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** End of the range, exclusive; absent when the place is a point. */
  readonly endLine?: number;
  readonly endColumn?: number;
}

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** One finding of a check, ready for a terminal line or an editor diagnostic. */
export interface Problem {
  /** Stable code such as `config/unknown-key` or `data/invalid-json`. */
  readonly code: string;
  readonly severity: Severity;
  /** A sentence for the person: what is wrong and what to do. */
  readonly message: string;
  readonly place?: Place;
  /** Further lines: causes, evidence, hints. */
  readonly details?: readonly string[];
}

/** Thrown for bad input or a failed run; carries what a person needs and is shown without a stack trace. */
export class ProblemError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ProblemError';
    this.problems = problems;
  }
}

/** Shorthand for the common case of one error. */
export function problem(code: string, message: string, place?: Place, details?: readonly string[]): ProblemError {
  return new ProblemError([
    { code, severity: 'error', message, ...(place ? { place } : {}), ...(details ? { details } : {}) },
  ]);
}

/** Does `work`; what it throws about no place in particular is said of `place`. */
export function sayingWhere<T>(place: Place, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new ProblemError(error.problems.map((found) => ({ place, ...found })));
  }
}

/** `file:line:column: message [code]`, the form that terminals and editors make clickable. */
export function formatProblem(p: Problem): string {
  const place = p.place ? `${formatPlace(p.place)}: ` : '';
  const details = (p.details ?? []).map((line) => `\n    ${line}`).join('');
  return `${place}${p.message} [${p.code}]${details}`;
}

/** `file:line:column`, leaving out what is not known. */
export function formatPlace(place: Place): string {
  if (place.line === undefined) return place.file;
  return `${place.file}:${place.line}${place.column === undefined ? '' : `:${place.column}`}`;
}
