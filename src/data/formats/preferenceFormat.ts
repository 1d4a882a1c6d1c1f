// The format of pairs: a prompt with a better and a worse answer, as texts or as lists of messages, the prompt apart or not.
import type { DataRecord, Message, Side } from '../records.ts';
import { readMessages, readTools } from './chatMessages.ts';
import type { FieldReader } from './fields.ts';

/** Rows as TRL's preference trainers take them; without `prompt`, what both sides begin with is the prompt. */
export function readPreference(fields: FieldReader, sampleId: string): DataRecord {
  const [prompt, chosen, rejected] = ['prompt', 'chosen', 'rejected'].map((name) => fields.get(name));
  if (chosen === undefined) fields.missing('chosen');
  if (rejected === undefined) fields.missing('rejected');
  const areTexts = ![prompt, chosen, rejected].some(Array.isArray);
  const sides = areTexts ? textSides(fields) : messageSides(fields);
  return { kind: 'preference', sampleId, ...sides };
}

interface Sides {
  readonly chosen: Side;
  readonly rejected: Side;
}

function textSides(fields: FieldReader): Sides {
  const system = fields.optionalText('system');
  const [chosen, rejected] = [sideText(fields, 'chosen'), sideText(fields, 'rejected')];
  const given = fields.optionalText('prompt');
  const shared = given === undefined ? sharedText(chosen, rejected) : 0;
  const side = (text: string): Side => ({
    kind: 'completion',
    prompt: given ?? text.slice(0, shared),
    completion: text.slice(shared),
    ...(system === undefined ? {} : { system }),
  });
  return { chosen: side(chosen), rejected: side(rejected) };
}

/** A side that is missing was told already. */
function sideText(fields: FieldReader, name: string): string {
  return fields.optionalText(name) ?? '';
}

/** Characters that both texts begin with; a space before the first difference belongs to the answers. */
function sharedText(one: string, other: string): number {
  let length = 0;
  while (length < Math.min(one.length, other.length) && one[length] === other[length]) length += 1;
  // Half of a character beyond the basic plane is none.
  if (/[\uD800-\uDBFF]/.test(one[length - 1] ?? '')) length -= 1;
  return one[length - 1] === ' ' ? length - 1 : length;
}

function messageSides(fields: FieldReader): Sides {
  const given = listOf(fields, 'prompt', 'user');
  const [chosen, rejected] = [listOf(fields, 'chosen', 'assistant'), listOf(fields, 'rejected', 'assistant')];
  const shared = given.length > 0 ? given.length : sharedMessages(chosen, rejected);
  const system = fields.optionalText('system');
  const tools = readTools(fields);
  const side = (messages: readonly Message[]): Side => {
    const whole = given.length === 0 || beginsWith(messages, given) ? messages : [...given, ...messages];
    const asked = whole.slice(0, shared).map(asContext);
    const first: Message[] =
      system === undefined || whole.some(({ role }) => role === 'system') ? [] : [{ role: 'system', content: system }];
    return {
      kind: 'chat',
      messages: [...first, ...asked, ...whole.slice(shared)],
      ...(tools === undefined ? {} : { tools }),
    };
  };
  return { chosen: side(chosen), rejected: side(rejected) };
}

/** Messages of a field; a text is one message, nothing at all is none. */
function listOf(fields: FieldReader, name: string, role: Message['role']): readonly Message[] {
  const value = fields.get(name);
  if (value === undefined) return [];
  const path = [fields.nameOf(name)];
  if (Array.isArray(value)) return readMessages(fields, value, path);
  return [{ role, content: fields.text(value, path) }];
}

/** Messages that both sides begin with; the last of each side is always its answer. */
function sharedMessages(one: readonly Message[], other: readonly Message[]): number {
  const most = Math.max(0, Math.min(one.length, other.length) - 1);
  let length = 0;
  while (length < most && isSame(one[length], other[length])) length += 1;
  return length;
}

/** Datasets with a prompt of its own often repeat it in both sides. */
function beginsWith(messages: readonly Message[], prompt: readonly Message[]): boolean {
  return messages.length > prompt.length && prompt.every((message, i) => isSame(message, messages[i]));
}

function isSame(a: Message | undefined, b: Message | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What the prompt's answers say is given, not learned. */
function asContext(message: Message): Message {
  return message.role === 'assistant' ? { ...message, train: false } : message;
}
