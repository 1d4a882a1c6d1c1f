// A row as the rules see it: its texts with their paths, its turns, and what is asked and answered in it.
import { looksLike, type Looks } from '../data/formats/detect.ts';
import { isObject, type JsonObject } from '../data/formats/fields.ts';
import type { Columns } from '../data/formats/format.ts';
import type { JsonPath } from '../data/json/locate.ts';

export interface TextLeaf {
  readonly path: JsonPath;
  readonly text: string;
}

export type Speaker = 'system' | 'user' | 'assistant' | 'tool';

export interface Turn {
  /** Undefined: the data room reports the role. */
  readonly speaker: Speaker | undefined;
  readonly content: string;
  readonly path: JsonPath;
  readonly contentPath: JsonPath;
  /** Ids of the calls that the turn makes; an empty string for a call without id. */
  readonly calls: readonly string[];
}

export interface LintRow {
  /** JSON text of the row. */
  readonly text: string;
  /** The text holds characters beyond ASCII, or escapes of characters. */
  readonly isForeign: boolean;
  readonly value: JsonObject;
  readonly looks: Looks;
  readonly columns: Columns;
  readonly leaves: readonly TextLeaf[];
  /** Empty for rows that are no chats. */
  readonly turns: readonly Turn[];
  /** What the model is given, all of it in one text; empty for running text. */
  readonly prompt: string;
  /** What the model learns to say. */
  readonly answer: TextLeaf | undefined;
}

const foreign = /[\u0080-\uffff]|\\u/;

export function lintRow(text: string, value: JsonObject, columns: Columns): LintRow {
  const looks = looksLike(value, columns);
  const turns = turnsOf(value, looks, columns);
  const leaves: TextLeaf[] = [];
  collectLeaves(value, [], leaves);
  const isForeign = foreign.test(text);
  return { text, isForeign, value, looks, columns, leaves, turns, ...promptAndAnswer(value, looks, turns, columns) };
}

/** Deeper values are the data room's to refuse. */
const maxDepth = 64;

function collectLeaves(value: unknown, path: JsonPath, into: TextLeaf[]): void {
  if (typeof value === 'string') into.push({ path, text: value });
  if (typeof value !== 'object' || value === null || path.length > maxDepth) return;
  if (Array.isArray(value)) value.forEach((item, i) => collectLeaves(item, [...path, i], into));
  else for (const [name, member] of Object.entries(value)) collectLeaves(member, [...path, name], into);
}

const speakers: Readonly<Partial<Record<string, Speaker>>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  chatgpt: 'assistant',
  function_call: 'assistant',
  tool_call: 'assistant',
  tool: 'tool',
  function: 'tool',
  observation: 'tool',
  tool_response: 'tool',
};

function turnsOf(value: JsonObject, looks: Looks, columns: Columns): Turn[] {
  if (looks !== 'messages' && looks !== 'conversations') return [];
  const name = columns[looks] ?? looks;
  const list = value[name];
  const [roleName, contentName] = looks === 'messages' ? ['role', 'content'] : ['from', 'value'];
  if (!Array.isArray(list)) return [];
  return list.map((turn: unknown, i): Turn => {
    const path = [name, i];
    const role = isObject(turn) ? turn[roleName] : undefined;
    const content = isObject(turn) ? turn[contentName] : undefined;
    const speaker = typeof role === 'string' ? speakers[role.toLowerCase()] : undefined;
    const isCall = role === 'function_call' || role === 'tool_call';
    return {
      speaker,
      content: contentText(content),
      path,
      contentPath: [...path, contentName],
      calls: isObject(turn) ? [...callIds(turn), ...(isCall ? [''] : [])] : [],
    };
  });
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('');
}

function callIds(turn: JsonObject): string[] {
  const calls: readonly unknown[] = Array.isArray(turn['tool_calls']) ? turn['tool_calls'] : [];
  const ids = calls.map((call) => (isObject(call) && typeof call['id'] === 'string' ? call['id'] : ''));
  return isObject(turn['function_call']) ? [...ids, ''] : ids;
}

function promptAndAnswer(
  value: JsonObject,
  looks: Looks,
  turns: readonly Turn[],
  columns: Columns,
): Pick<LintRow, 'prompt' | 'answer'> {
  if (turns.length > 0) {
    const last = turns.findLastIndex((turn) => turn.speaker === 'assistant');
    const asked = last < 0 ? turns : turns.slice(0, last);
    const said = asked.map((turn) => `${turn.speaker ?? ''}\n${turn.content}`).join('\n\n');
    const tools = value['tools'] === undefined ? '' : JSON.stringify(value['tools']);
    const turn = turns[last];
    return { prompt: said + tools, answer: turn && { path: turn.contentPath, text: turn.content } };
  }
  const field = (name: string): string => plainText(value[columns[name] ?? name]);
  const answer = (name: string): TextLeaf => ({ path: [columns[name] ?? name], text: field(name) });
  const system = field('system');
  if (looks === 'instruction')
    return { prompt: [system, field('instruction'), field('input')].join('\n\n'), answer: answer('output') };
  if (looks === 'prompt_completion')
    return { prompt: [system, field('prompt')].join('\n\n'), answer: answer('completion') };
  if (looks === 'preference') return { prompt: field('prompt'), answer: answer('chosen') };
  if (looks === 'reasoning') return { prompt: field('question'), answer: answer('answer') };
  return { prompt: '', answer: looks === 'text' ? answer('text') : undefined };
}

/** A text, or the texts of a list of messages; other values as JSON. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.map((item) => (isObject(item) ? contentText(item['content']) : plainText(item))).join('\n\n');
}
