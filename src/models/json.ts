// JSON that came from outside: parsed with a message that names file and place, and looked into without trust.
import { problem } from '../protocol/problem.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** True for an object that is neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a whole number of 0 or more that JavaScript holds exactly. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Parses a file's text that must be a JSON object. Throws `models/invalid-json` naming the file. */
export function parseJsonObject(text: string, file: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw problem('models/invalid-json', `This file is not valid JSON: ${reason}.`, { file, ...placeOf(text, reason) });
  }
  if (!isJsonObject(value)) throw problem('models/invalid-json', 'This file must hold a JSON object.', { file });
  return value;
}

/** Line and column of V8's "at position N". */
function placeOf(text: string, reason: string): { line: number; column: number } | undefined {
  const position = /at position (\d+)/.exec(reason)?.[1];
  if (position === undefined) return undefined;
  const before = text.slice(0, Number(position)).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
