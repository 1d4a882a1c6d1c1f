// Reads a row in a given format: the canonical record, or problems that point at the wrong values.
import type { Problem } from '../../protocol/problem.ts';
import { placeInRow, rowPrefix, type SourceRow } from '../read/row.ts';
import type { DataRecord } from '../records.ts';
import { readConversationsRow, readMessagesRow, readPrompt, readPromptCompletion } from './chatFormats.ts';
import { FieldReader } from './fields.ts';
import type { Columns, Converted, Format } from './format.ts';
import { readPreference } from './preferenceFormat.ts';
import { readInstruction, readReasoning, readText } from './plainFormats.ts';

const readers: Record<Format, (fields: FieldReader, sampleId: string) => DataRecord> = {
  messages: readMessagesRow,
  conversations: readConversationsRow,
  prompt_completion: readPromptCompletion,
  reasoning: readReasoning,
  instruction: readInstruction,
  text: readText,
  preference: readPreference,
  prompt: readPrompt,
};

/** The record of an object, with issues by path; for the editor, which knows positions itself. */
export function convertValue(value: SourceRow['value'], sampleId: string, format: Format, columns: Columns): Converted {
  const fields = new FieldReader(value, columns);
  const record = readers[format](fields, sampleId);
  return { record: fields.failed ? undefined : record, issues: fields.issues };
}

/** The record of a row, with problems by file, line and column. */
export function convertRow(
  row: SourceRow,
  format: Format,
  columns: Columns,
): { record: DataRecord | undefined; problems: Problem[] } {
  const { record, issues } = convertValue(row.value, row.sampleId, format, columns);
  const problems = issues.map(({ code, severity, message, path }) => ({
    code,
    severity,
    message: `${rowPrefix(row)}${message}`,
    place: placeInRow(row, path),
  }));
  return { record, problems };
}
