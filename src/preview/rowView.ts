// A row as it is shown: a line for the list, and the whole of it as conversation, pair, fields and JSON. Long texts are cut.
import { isObject } from '../data/formats/fields.ts';
import { mainRecord, type Message, type SingleRecord } from '../data/records.ts';
import { conversationOf } from '../data/template/conversation.ts';
import { plainText } from '../lint/row.ts';
import type { PreviewTurn, RowDetail, RowSummary } from '../protocol/previewViews.ts';
import { idOf, readValue, recordOf, type ReadValue, type Reading } from './readRow.ts';
import type { RowBytes } from './rowFile.ts';

/** Characters of a line in the list, and of one text and of the JSON in the whole view. */
const shortText = 160;
const longText = 100_000;
const longJson = 200_000;
/** Larger rows are not parsed for the list: their beginning is shown. */
const parsedForList = 1 << 20;
const mostTurns = 2000;

export function summaryOf(row: RowBytes, reading: Reading, excluded: ReadonlySet<string>): RowSummary {
  const base = { row: row.row, line: row.line, bytes: row.byteLength };
  if (row.byteLength > parsedForList) {
    const text = oneLine(row.bytes.subarray(0, 4 * shortText).toString('utf8'));
    return { ...base, looks: 'unknown', text, answer: '', turns: 0, excluded: false };
  }
  const read = readValue(row, reading);
  return { ...base, ...saidOf(row, read, reading), excluded: excluded.size > 0 && excluded.has(idOf(row, read)) };
}

function saidOf(
  row: RowBytes,
  read: ReturnType<typeof readValue>,
  reading: Reading,
): Pick<RowSummary, 'looks' | 'text' | 'answer' | 'turns' | 'problem'> {
  if ('problem' in read) {
    const text = oneLine(row.bytes.subarray(0, 4 * shortText).toString('utf8'));
    return { looks: 'unknown', text, answer: '', turns: 0, problem: read.problem };
  }
  const { looks } = read;
  const conversation = conversationIn(read, reading);
  if (conversation.length === 0) {
    const problem = recordOf(read, reading).issues[0]?.message;
    const text = oneLine(row.bytes.subarray(0, 4 * shortText).toString('utf8'));
    return { looks, text, answer: '', turns: 0, ...(problem === undefined ? {} : { problem }) };
  }
  const asked = conversation.find(({ speaker }) => speaker === 'user' || speaker === 'text') ?? conversation[0]!;
  const answered = conversation.findLast(({ speaker }) => speaker === 'assistant');
  return {
    looks,
    text: oneLine(asked.text),
    answer: answered === undefined ? '' : oneLine(answered.text || (answered.calls?.[0]?.name ?? '')),
    turns: conversation.length,
  };
}

/** Turns of a row, of a preference row those of its prompt and its chosen answer. */
export function conversationIn(read: ReadValue, reading: Reading): PreviewTurn[] {
  if (read.looks === 'preference' && reading.format === 'auto') return preferenceTurns(read, reading);
  const { record } = recordOf(read, reading);
  return record === undefined ? [] : turnsOf(mainRecord(record));
}

function turnsOf(record: SingleRecord): PreviewTurn[] {
  if (record.kind === 'text') return [{ speaker: 'text', text: record.text }];
  if (record.kind === 'chat' && record.messages.length === 0) return [];
  return conversationOf(record).messages.map(turnOf);
}

function turnOf({ role, content, reasoning_content, tool_calls, train }: Message): PreviewTurn {
  const calls = tool_calls?.map(({ function: call }) => ({
    name: call.name,
    arguments: JSON.stringify(call.arguments, null, 2),
  }));
  return {
    speaker: role,
    text: content,
    ...(reasoning_content === undefined ? {} : { thinking: reasoning_content }),
    ...(calls === undefined ? {} : { calls }),
    ...(train === false ? { isContext: true } : {}),
  };
}

function preferenceTurns({ value }: ReadValue, { columns }: Reading): PreviewTurn[] {
  const field = (name: string): unknown => value[columns[name] ?? name];
  const answer: PreviewTurn = { speaker: 'assistant', text: lastSaid(field('chosen')) };
  const prompt = field('prompt');
  const system = plainText(field('system'));
  const before: PreviewTurn[] = system === '' ? [] : [{ speaker: 'system', text: system }];
  if (prompt === undefined && Array.isArray(field('chosen'))) {
    const list = field('chosen');
    const turns = (Array.isArray(list) ? list.slice(0, -1) : []).filter(isObject);
    return [...before, ...turns.map((turn) => ({ speaker: speakerOf(turn['role']), text: plainText([turn]) })), answer];
  }
  if (Array.isArray(prompt))
    before.push(
      ...prompt.filter(isObject).map((turn) => ({ speaker: speakerOf(turn['role']), text: plainText([turn]) })),
    );
  else if (prompt !== undefined && prompt !== null) before.push({ speaker: 'user', text: plainText(prompt) });
  return [...before, answer];
}

/** A text, or what the last message of a list says. */
function lastSaid(value: unknown): string {
  return Array.isArray(value) ? plainText(value.slice(-1)) : plainText(value);
}

function speakerOf(role: unknown): PreviewTurn['speaker'] {
  if (role === 'system' || role === 'assistant' || role === 'tool') return role;
  return 'user';
}

/** Everything but tokens and findings, which need a config and the rules. */
export function detailOf(
  row: RowBytes,
  reading: Reading,
  excluded: ReadonlySet<string>,
): Omit<RowDetail, 'findings' | 'tokens' | 'noTokens'> {
  const read = readValue(row, reading);
  const text = row.bytes.toString('utf8');
  const said = saidOf(row, read, reading);
  const base = {
    ...{ row: row.row, line: row.line, bytes: row.byteLength },
    ...said,
    excluded: excluded.has(idOf(row, read)),
  };
  if ('problem' in read)
    return { ...base, conversation: [], fields: [], raw: text.slice(0, longJson), cut: text.length > longJson };
  const turns = conversationIn(read, reading);
  const cutter = new Cutter();
  const conversation = turns.slice(0, mostTurns).map((turn) => ({
    ...turn,
    text: cutter.cut(turn.text),
    ...(turn.thinking === undefined ? {} : { thinking: cutter.cut(turn.thinking) }),
    ...(turn.calls === undefined
      ? {}
      : { calls: turn.calls.map((call) => ({ ...call, arguments: cutter.cut(call.arguments) })) }),
  }));
  const raw = text.length > longJson ? text : JSON.stringify(read.value, null, 2);
  const shown = raw.slice(0, longJson);
  const pair =
    read.looks === 'preference'
      ? {
          chosen: cutter.cut(lastSaid(read.value[reading.columns['chosen'] ?? 'chosen'])),
          rejected: cutter.cut(lastSaid(read.value[reading.columns['rejected'] ?? 'rejected'])),
        }
      : undefined;
  return {
    ...base,
    conversation,
    ...(pair === undefined ? {} : { pair }),
    fields: otherFields(read, reading, conversation.length > 0),
    raw: shown,
    cut: cutter.hasCut || shown.length < raw.length || turns.length > mostTurns,
  };
}

class Cutter {
  hasCut = false;

  cut(text: string): string {
    if (text.length <= longText) return text;
    this.hasCut = true;
    return `${text.slice(0, longText)}…`;
  }
}

/** Our names of fields whose values are shown as turns. */
const spoken = [
  'messages',
  'conversations',
  'instruction',
  'input',
  'output',
  'prompt',
  'completion',
  'question',
  'steps',
  'answer',
  'text',
  'system',
  'chosen',
  'rejected',
];

function otherFields({ value }: ReadValue, { columns }: Reading, isSpoken: boolean): RowDetail['fields'] {
  const shown = new Set(isSpoken ? spoken.map((name) => columns[name] ?? name) : []);
  return Object.entries(value)
    .filter(([name]) => !shown.has(name))
    .slice(0, 200)
    .map(([name, item]) => ({
      name,
      value: (typeof item === 'string' ? item : (JSON.stringify(item) ?? '')).slice(0, 2000),
    }));
}

function oneLine(text: string): string {
  const short = text
    .slice(0, 4 * shortText)
    .replace(/\s+/g, ' ')
    .trim();
  return short.length > shortText ? `${short.slice(0, shortText)}…` : short;
}
