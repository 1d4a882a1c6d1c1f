// A row as the rules see it: its texts with their paths, its turns, and what is asked and answered in it.
import { roleOf } from '../data/formats/chatMessages.ts';
import { speakerOf } from '../data/formats/chatFormats.ts';
import { looksLike, type Looks } from '../data/formats/detect.ts';
import { isObject, type JsonObject } from '../data/formats/fields.ts';
import type { Columns } from '../data/formats/format.ts';
import type { JsonPath } from '../data/json/locate.ts';
import type { Role } from '../data/records.ts';
import { closerSigns, signsOf } from './signs.ts';

export interface TextLeaf {
  readonly path: JsonPath;
  readonly text: string;
}

export interface Turn {
  /** Undefined: the data room reports the role. */
  readonly role: Role | undefined;
  readonly content: string;
  readonly path: JsonPath;
  readonly contentPath: JsonPath;
  /** Calls of tools that the turn makes, and how they are written. */
  readonly calls: number;
  readonly callText: string;
}

export interface LintRow {
  /** JSON text of the row. */
  readonly text: string;
  /** Sum of `sign`s. */
  readonly signs: number;
  readonly value: JsonObject;
  readonly looks: Looks;
  readonly columns: Columns;
  /** All texts of the row, gathered when first asked for. */
  readonly leaves: () => readonly TextLeaf[];
  /** Empty for rows that are no chats. */
  readonly turns: readonly Turn[];
  /** What the model is given, in pieces; empty for running text. */
  readonly prompt: readonly string[];
  /** What the model learns to say at the end. */
  readonly answer: TextLeaf | undefined;
  /** All of the end in pieces: the answer, and the steps or calls of tools that belong to it. */
  readonly said: readonly string[];
  /** All that the model learns to say. */
  readonly answers: readonly TextLeaf[];
}

/** `signs` of the text, where they are known. */
export function lintRow(text: string, value: JsonObject, columns: Columns, signs = signsOf(text)): LintRow {
  const looks = looksLike(value, columns);
  const turns = turnsOf(value, looks, columns);
  const exchange = turns.length > 0 ? ofTurns(value, turns) : ofFields(value, looks, columns);
  const answers: TextLeaf[] = [];
  for (const { role, content, contentPath } of turns)
    if (role === 'assistant' && content !== '') answers.push({ path: contentPath, text: content });
  if (answers.length === 0 && exchange.answer !== undefined) answers.push(exchange.answer);
  let gathered: readonly TextLeaf[] | undefined;
  const leaves = (): readonly TextLeaf[] => (gathered ??= leavesOf(value, [], []));
  return { text, signs: closerSigns(text, signs), value, looks, columns, leaves, turns, ...exchange, answers };
}

/** The file's name of one of our fields. */
export function nameOf({ columns }: LintRow, field: string): string {
  return columns[field] ?? field;
}

/** Deeper values are the data room's to refuse. */
const maxDepth = 64;

function leavesOf(value: unknown, path: JsonPath, into: TextLeaf[]): TextLeaf[] {
  if (typeof value === 'string') into.push({ path, text: value });
  if (typeof value !== 'object' || value === null || path.length > maxDepth) return into;
  if (Array.isArray(value)) value.forEach((member, i) => leavesOf(member, [...path, i], into));
  else for (const name of Object.keys(value)) leavesOf(Reflect.get(value, name), [...path, name], into);
  return into;
}

function turnsOf(value: JsonObject, looks: Looks, columns: Columns): Turn[] {
  if (looks !== 'messages' && looks !== 'conversations') return [];
  const name = columns[looks] ?? looks;
  const list = value[name];
  const contentName = looks === 'messages' ? 'content' : 'value';
  if (!Array.isArray(list)) return [];
  return list.map((turn: unknown, i): Turn => {
    const path = [name, i];
    const contentPath = [name, i, contentName];
    if (!isObject(turn)) return { role: undefined, content: '', path, contentPath, calls: 0, callText: '' };
    const speaker = looks === 'messages' ? roleOf(turn['role']) : speakerOf(turn['from']);
    const content = contentText(turn[contentName]);
    if (speaker === 'call') return { role: 'assistant', content, path, contentPath, calls: 1, callText: '' };
    const { calls, callText } = callsOf(turn);
    return { role: speaker, content, path, contentPath, calls, callText };
  });
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('');
}

const noCalls = { calls: 0, callText: '' } as const;

function callsOf({ tool_calls: list, function_call: single }: JsonObject): Pick<Turn, 'calls' | 'callText'> {
  if (list === undefined && single === undefined) return noCalls;
  const calls = (Array.isArray(list) ? list.length : 0) + (isObject(single) ? 1 : 0);
  return { calls, callText: calls === 0 ? '' : JSON.stringify([list, single]) };
}

type Exchange = Pick<LintRow, 'prompt' | 'answer' | 'said'>;

function ofTurns(value: JsonObject, turns: readonly Turn[]): Exchange {
  const last = turns.findLastIndex(({ role }) => role === 'assistant');
  const prompt: string[] = [];
  for (let i = 0; i < turns.length; i += 1) {
    const { role, content, callText } = turns[i]!;
    if (i !== last) prompt.push(role ?? '', content + callText);
  }
  if (value['tools'] !== undefined) prompt.push(JSON.stringify(value['tools']));
  const turn = turns[last];
  if (turn === undefined) return { prompt, answer: undefined, said: [] };
  return { prompt, answer: { path: turn.contentPath, text: turn.content }, said: [turn.content + turn.callText] };
}

interface Fields {
  readonly asked: readonly string[];
  readonly answered: string;
  readonly workings?: string;
}

const exchanges: Partial<Record<Looks, Fields>> = {
  instruction: { asked: ['system', 'instruction', 'input'], answered: 'output' },
  prompt_completion: { asked: ['system', 'prompt'], answered: 'completion' },
  preference: { asked: ['system', 'prompt'], answered: 'chosen' },
  reasoning: { asked: ['system', 'question'], answered: 'answer', workings: 'steps' },
  text: { asked: [], answered: 'text' },
};

function ofFields(value: JsonObject, looks: Looks, columns: Columns): Exchange {
  const fields = exchanges[looks];
  if (fields === undefined) return { prompt: [], answer: undefined, said: [] };
  const field = (name: string): string => plainText(value[columns[name] ?? name]);
  const text = field(fields.answered);
  return {
    prompt: fields.asked.map(field),
    answer: { path: [columns[fields.answered] ?? fields.answered], text },
    said: fields.workings === undefined ? [text] : [field(fields.workings), text],
  };
}

/** A text, or the texts of a list of messages; other values as JSON. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.map((item) => (isObject(item) ? contentText(item['content']) : plainText(item))).join('\n\n');
}
