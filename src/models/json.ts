// JSON that came from outside: parsed with a message that names file and place, and looked into without trust.
import { problem } from '../protocol/problem.ts';
import { isObject } from '../protocol/guards.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

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
    const position = positionOf(text, reason);
    const at = position === undefined ? {} : placeOf(text, position);
    throw problem('models/invalid-json', `This file is not valid JSON: ${explain(text, reason, position)}.`, {
      file,
      ...at,
    });
  }
  if (!isObject(value)) throw problem('models/invalid-json', 'This file must hold a JSON object.', { file });
  return value;
}

/** V8 names a position, or shows what stands around it: up to ten characters before and after. */
const unexpectedToken = /^Unexpected token '(.)', (\.\.\.)?"(.*)"(\.\.\.)? is not valid JSON$/su;

/** Where V8 stumbled; undefined when it does not tell. */
function positionOf(text: string, reason: string): number | undefined {
  const position = /at position (\d+)/.exec(reason)?.[1];
  if (position !== undefined) return Number(position);
  if (reason.startsWith('Unexpected end')) return text.length;
  const [, , before, shown = '', after] = unexpectedToken.exec(reason) ?? [];
  if (before !== undefined) return text.indexOf(shown) + 10;
  return after === undefined ? undefined : shown.length - 10;
}

function explain(text: string, reason: string, position: number | undefined): string {
  const constant =
    position === undefined ? undefined : /^(?:NaN|Infinity)\b/.exec(text.slice(position, position + 9))?.[0];
  if (constant !== undefined) return `there is ${constant}, which JSON does not have`;
  const token = unexpectedToken.exec(reason)?.[1];
  return token === undefined ? reason.replace(/ in JSON at position \d+.*$/s, '') : `'${token}' is not expected here`;
}

/** Line and column, from 1, of an offset. */
function placeOf(text: string, position: number): { line: number; column: number } {
  const before = text.slice(0, position).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
