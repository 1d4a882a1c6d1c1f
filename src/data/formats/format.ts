// The dataset formats and what reading a row in one of them gives: a record, or what is wrong with its fields.
import type { Severity } from '../../protocol/problem.ts';
import type { JsonPath } from '../json/locate.ts';
import type { DataRecord } from '../records.ts';

/** Order = which wins when rows fit several equally often. */
export const formats = [
  'messages',
  'conversations',
  'prompt_completion',
  'reasoning',
  'instruction',
  'text',
  'preference',
  'prompt',
] as const;
export type Format = (typeof formats)[number];

/** Our names of the fields that a row of a format must have. */
export const requiredFields: Record<Format, readonly string[]> = {
  messages: ['messages'],
  conversations: ['conversations'],
  prompt_completion: ['prompt', 'completion'],
  reasoning: ['question', 'steps', 'answer'],
  instruction: ['instruction', 'output'],
  text: ['text'],
  preference: ['chosen', 'rejected'],
  prompt: ['prompt'],
};

/** `columns` of the config: our name → name in the file. */
export type Columns = Readonly<Partial<Record<string, string>>>;

/** What is wrong with one value of a row. */
export interface FieldIssue {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Path of the value in the row; where the row ends before it, the nearest value around it is meant. */
  readonly path: JsonPath;
  /** What was probably meant: a known role, a number as text, the present field whose name should be the last of `path`. */
  readonly meant?: string;
}

/** Issues that are errors mean that the record is absent. */
export interface Converted {
  readonly record: DataRecord | undefined;
  readonly issues: readonly FieldIssue[];
}
