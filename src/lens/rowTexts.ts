// The texts of a row that a model may come to read, each with the place in the file where every character is written.
import type { Columns, Format } from '../data/formats/format.ts';
import { jsonLeaves, writtenString, type JsonLeaf, type WrittenString } from '../data/json/leaves.ts';
import type { JsonPath } from '../data/json/locate.ts';

export interface RowText {
  readonly path: JsonPath;
  /** Names and plain values are printed only where a template writes out objects, such as the arguments of a call. */
  readonly kind: 'text' | 'name' | 'other';
  readonly value: string;
  /** Offsets in the row's JSON text of UTF-16 unit i of the value, [starts[i], ends[i]). */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Strings within a value that is itself JSON (OpenAI's `arguments`); offsets count in the value. */
  readonly inner: readonly WrittenString[];
  /** A name within the arguments of a call, which templates print and never look at. */
  readonly isArgument: boolean;
}

/** Fields that say what a turn is; templates compare them with words of their own. */
const structural = new Set(['role', 'from', 'type', 'id', 'tool_call_id', 'weight', 'train']);
/** Fields that hold objects, which templates may write out as JSON, names and numbers included. */
const objectFields = new Set(['arguments', 'parameters', 'tools', 'tool_calls', 'function_call']);

/** Fields of a row that each format reads, by our names. */
const readFields: Record<Format, readonly string[]> = {
  messages: ['messages', 'tools'],
  conversations: ['conversations', 'system', 'tools'],
  prompt_completion: ['system', 'prompt', 'completion', 'tools'],
  reasoning: ['system', 'question', 'steps', 'answer'],
  instruction: ['system', 'instruction', 'input', 'output'],
  text: ['text'],
  prompt: ['system', 'prompt', 'tools'],
  // Both sides begin with the prompt, so that only one of them can be laid over the tokens.
  preference: ['system', 'prompt', 'chosen', 'tools'],
};

/** Texts of the fields that the format reads, in the order of the row; `text` is JSON that can be parsed. */
export function rowTexts(text: string, format: Format, columns: Columns): RowText[] {
  const fields = new Set(readFields[format].map((field) => columns[field] ?? field));
  return jsonLeaves(text).flatMap((leaf): RowText[] => {
    const { path, kind, start } = leaf;
    const [field] = path;
    const isObjectPart = path.some((step) => typeof step === 'string' && objectFields.has(step));
    if (!fields.has(String(field)) || (path.length === 1 && kind === 'name')) return [];
    // A number is a text in the reasoning format alone.
    if (kind !== 'text' && !isObjectPart) return format === 'reasoning' && kind === 'other' ? [plain(text, leaf)] : [];
    const isCompared = structural.has(String(path.at(-1))) && path.length > 1 && !path.includes('arguments');
    if (isCompared) return [];
    if (kind === 'other') return [plain(text, leaf)];
    const written = writtenString(text, start);
    const inner = kind === 'text' ? innerTexts(written.value, path.at(-1) === 'arguments') : [];
    const isArgument = kind === 'name' && path.slice(0, -1).includes('arguments');
    return [{ path, kind, ...written, inner, isArgument }];
  });
}

function plain(text: string, { path, start, end }: JsonLeaf): RowText {
  const starts = Int32Array.from({ length: end - start }, (_, i) => start + i);
  return {
    path,
    kind: 'other',
    value: text.slice(start, end),
    starts,
    ends: starts.map((at) => at + 1),
    inner: [],
    isArgument: false,
  };
}

/** Strings of a text that is itself an object or list in JSON. */
function innerTexts(value: string, withNames: boolean): WrittenString[] {
  if (!/^\s*[[{]/.test(value)) return [];
  try {
    JSON.parse(value);
  } catch {
    return [];
  }
  return jsonLeaves(value).flatMap(({ kind, start }) =>
    kind === 'text' || (kind === 'name' && withNames) ? [writtenString(value, start)] : [],
  );
}
