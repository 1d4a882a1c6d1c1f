// One message in OpenAI's shape (role, content, tool_calls, …) as a turn of the canonical record.
import type { JsonPath } from '../json/locate.ts';
import type { Json, Message, Role, ToolCall } from '../records.ts';
import { nearestName } from '../nearestName.ts';
import { isObject, pathText, type FieldReader, type JsonObject } from './fields.ts';

/** Roles as datasets write them; `developer` is OpenAI's newer name for system, `function` its older one for tool. */
const roles: Readonly<Partial<Record<string, Role>>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/** The role that a `role` of OpenAI's shape stands for; undefined for anything that is none. */
export function roleOf(value: unknown): Role | undefined {
  return typeof value === 'string' && Object.hasOwn(roles, value) ? roles[value] : undefined;
}

/** A list of messages; an empty one is an error. */
export function readMessages(fields: FieldReader, value: unknown, path: JsonPath): Message[] {
  const list = fields.list(value, path);
  if (Array.isArray(value) && value.length === 0)
    fields.add('data/empty-list', path, `${pathText(path)} is empty; it should hold at least one message.`);
  return list.map((item, i) => readMessage(fields, item, [...path, i])).filter((message) => message !== undefined);
}

/**
 * Whether a value is a list of messages that are nothing but a known role and a text: `readMessages` has nothing to say of
 * it. A quick look, for whoever wants to know no more than that.
 */
export function arePlainMessages(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isPlainMessage);
}

function isPlainMessage(value: unknown): boolean {
  if (!isObject(value) || typeof value.content !== 'string' || roleOf(value.role) === undefined) return false;
  for (const name in value) if (name !== 'role' && name !== 'content') return false;
  return true;
}

function readMessage(fields: FieldReader, value: unknown, path: JsonPath): Message | undefined {
  const message = fields.object(value, path);
  if (message === undefined) return undefined;
  const role = readRole(fields, message, path);
  const calls = readToolCalls(fields, message, path);
  const content = readContent(fields, message, path, calls.length > 0);
  const thinking = optionalText(fields, message, 'reasoning_content', path);
  const callId = optionalText(fields, message, 'tool_call_id', path);
  const name = optionalText(fields, message, 'name', path);
  return {
    role,
    content,
    ...(thinking === undefined ? {} : { reasoning_content: thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(callId === undefined ? {} : { tool_call_id: callId }),
    ...(name === undefined ? {} : { name }),
    ...(isContextOnly(fields, message, path) ? { train: false } : {}),
  };
}

function readRole(fields: FieldReader, message: JsonObject, path: JsonPath): Role {
  const value = message.role;
  if (value === undefined) {
    const shareGpt = message.from !== undefined ? ' Rows with "from" and "value" are of format: conversations.' : '';
    fields.add('data/missing-field', path, `${pathText(path)} has no "role".${shareGpt}`);
    return 'user';
  }
  const role = roleOf(value);
  if (role !== undefined) return role;
  if (typeof value !== 'string') fields.wrongType([...path, 'role'], 'a text', value);
  else {
    const near = nearestName(value, Object.keys(roles));
    const hint = near === undefined ? `Roles are system, user, assistant and tool.` : `Did you mean "${near}"?`;
    fields.add(
      'data/unknown-role',
      [...path, 'role'],
      `There is no role ${JSON.stringify(value)}. ${hint}`,
      'error',
      near,
    );
  }
  return 'user';
}

/** Content is a text, null beside tool calls, or a list of text parts. */
function readContent(fields: FieldReader, message: JsonObject, path: JsonPath, hasCalls: boolean): string {
  const value = message.content;
  const at = [...path, 'content'];
  if (value === undefined || value === null) {
    if (!hasCalls) fields.add('data/missing-field', value === null ? at : path, `${pathText(path)} has no "content".`);
    return '';
  }
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) {
    fields.wrongType(at, 'a text or a list of parts {type: text, text: …}', value);
    return '';
  }
  return value.map((part: unknown, i) => readPart(fields, part, [...at, i])).join('');
}

function readPart(fields: FieldReader, part: unknown, path: JsonPath): string {
  if (typeof part === 'string') return part;
  if (!isObject(part)) {
    fields.wrongType(path, 'a part {type: text, text: …}', part);
    return '';
  }
  if (part.type === undefined || part.type === 'text') return fields.text(part.text, [...path, 'text']);
  fields.add(
    'data/unsupported-content',
    [...path, 'type'],
    `A part of type ${JSON.stringify(part.type)} cannot be trained on: only text can.`,
  );
  return '';
}

/** `tool_calls` in OpenAI's shape, or its older `function_call`. */
function readToolCalls(fields: FieldReader, message: JsonObject, path: JsonPath): ToolCall[] {
  if (message.function_call !== undefined && message.function_call !== null) {
    const at = [...path, 'function_call'];
    const call = readFunction(fields, message.function_call, at);
    return call === undefined ? [] : [{ type: 'function', function: call }];
  }
  if (message.tool_calls === undefined || message.tool_calls === null) return [];
  const at = [...path, 'tool_calls'];
  return fields.list(message.tool_calls, at).flatMap((value, i): ToolCall[] => {
    const call = fields.object(value, [...at, i]);
    if (call === undefined) return [];
    const nested = call.function !== undefined;
    const inner = readFunction(fields, nested ? call.function : call, nested ? [...at, i, 'function'] : [...at, i]);
    const id = optionalText(fields, call, 'id', [...at, i]);
    return inner === undefined ? [] : [{ type: 'function', ...(id === undefined ? {} : { id }), function: inner }];
  });
}

/** `{name, arguments}`; arguments are an object, or a text that holds one. */
export function readFunction(fields: FieldReader, value: unknown, path: JsonPath): ToolCall['function'] | undefined {
  const call = fields.object(value, path);
  if (call === undefined) return undefined;
  if (typeof call.name !== 'string') {
    fields.add('data/missing-field', path, `${pathText(path)} has no "name" of the function that is called.`);
    return undefined;
  }
  const given = call.arguments ?? call.parameters;
  return {
    name: call.name,
    arguments: given === undefined || given === '' ? {} : fields.jsonInText(given, [...path, 'arguments']),
  };
}

/** Tool schemas: a list, or a text that holds a list. */
export function readTools(fields: FieldReader): Json[] | undefined {
  const value = fields.get('tools');
  if (value === undefined || value === '') return undefined;
  const path = [fields.nameOf('tools')];
  const tools = fields.jsonInText(value, path);
  if (Array.isArray(tools)) return tools.length === 0 ? undefined : [...(tools as readonly Json[])];
  if (!fields.failed) fields.wrongType(path, 'a list of tool schemas', tools);
  return undefined;
}

/** `weight: 0` (OpenAI) or `train: false` on a turn: it is context, not a target. */
export function isContextOnly(fields: FieldReader, message: JsonObject, path: JsonPath): boolean {
  const { weight, train } = message;
  if (weight !== undefined && weight !== null && weight !== 0 && weight !== 1)
    fields.wrongType([...path, 'weight'], '0 or 1', weight);
  if (train !== undefined && train !== null && typeof train !== 'boolean')
    fields.wrongType([...path, 'train'], 'true or false', train);
  return weight === 0 || train === false;
}

function optionalText(fields: FieldReader, message: JsonObject, name: string, path: JsonPath): string | undefined {
  const value = message[name];
  return value === undefined || value === null ? undefined : fields.text(value, [...path, name]);
}
