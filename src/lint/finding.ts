// What a lint rule says about one line of a dataset.
import type { Severity } from '../protocol/problem.ts';
import type { TextEdit } from './edits.ts';

/** A change of the finding's own line: characters replaced, in their order, or the whole line taken out. */
export type Fix =
  | { readonly title: string; readonly edits: readonly TextEdit[] }
  | { readonly title: string; readonly deleteLine: true };

export interface Finding {
  /** Stable code; its page is docs/lint.md#<code without slash>. */
  readonly code: string;
  readonly severity: Severity;
  /** A sentence: what is wrong and what to do. Personal data in it are masked. */
  readonly message: string;
  /** Line of the file, counting from 1. */
  readonly line: number;
  /** Range inside the line in UTF-16 units, counting from 0; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** Line of another row that this is about: the first of two duplicates. */
  readonly relatedLine?: number;
  readonly fix?: Fix;
}

/** Groups of rules, in the order in which they are documented. */
export const groups = ['form', 'chat', 'training', 'preference', 'quality', 'safety'] as const;
export type Group = (typeof groups)[number];

/** What is known of a rule without running it. */
export interface RuleInfo {
  readonly code: string;
  readonly group: Group;
  /** Severity unless settings say otherwise. */
  readonly severity: Severity;
  /** What the rule finds, as the heading of its explanation. */
  readonly title: string;
  /** What its quick fix does; absent when it never has one. */
  readonly fix?: string;
}

/** Order of findings everywhere: by place, then by code. */
export function compareFindings(a: Finding, b: Finding): number {
  return a.line - b.line || a.start - b.start || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0);
}
