// The formats made of turns: messages (OpenAI), conversations (ShareGPT), prompt_completion (texts or message lists).
import type { JsonPath } from '../json/locate.ts';
import type { DataRecord, Message, ToolCall } from '../records.ts';
import { nearestName } from '../nearestName.ts';
import { isContextOnly, readFunction, readMessages, readTools } from './chatMessages.ts';
import { pathText, type FieldReader } from './fields.ts';

export function readMessagesRow(fields: FieldReader, sampleId: string): DataRecord {
  const value = fields.get('messages');
  if (value === undefined) fields.missing('messages');
  const messages = value === undefined ? [] : readMessages(fields, value, [fields.nameOf('messages')]);
  return chat(sampleId, messages, readTools(fields));
}

/** ShareGPT's `from` → what the turn is. */
const speakers: Readonly<Partial<Record<string, Message['role'] | 'call'>>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
  chatgpt: 'assistant',
  function_call: 'call',
  tool_call: 'call',
  observation: 'tool',
  tool_response: 'tool',
  tool: 'tool',
};

/** What a `from` of ShareGPT's shape stands for; undefined for anything that is none. */
export function speakerOf(value: unknown): Message['role'] | 'call' | undefined {
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  return Object.hasOwn(speakers, name) ? speakers[name] : undefined;
}

export function readConversationsRow(fields: FieldReader, sampleId: string): DataRecord {
  const name = fields.nameOf('conversations');
  const value = fields.get('conversations');
  if (value === undefined) fields.missing('conversations');
  if (Array.isArray(value) && value.length === 0)
    fields.add('data/empty-list', [name], `"${name}" is empty; it should hold at least one turn.`);
  const list = value === undefined ? [] : fields.list(value, [name]);
  const turns = list.map((turn, i) => readTurn(fields, turn, [name, i])).filter((turn) => turn !== undefined);
  const system = fields.optionalText('system');
  const messages: Message[] =
    system === undefined || system === '' ? turns : [{ role: 'system', content: system }, ...turns];
  return chat(sampleId, messages, readTools(fields));
}

function readTurn(fields: FieldReader, value: unknown, path: JsonPath): Message | undefined {
  const turn = fields.object(value, path);
  if (turn === undefined) return undefined;
  if (turn.from === undefined) {
    const openAi =
      turn.role !== undefined
        ? ` Rows with "role" and "content" are of format: messages (data.columns: {messages: ${String(path[0])}}).`
        : '';
    fields.add('data/missing-field', path, `${pathText(path)} has no "from".${openAi}`);
    return undefined;
  }
  const speaker = speakerOf(turn.from);
  if (speaker === undefined) {
    if (typeof turn.from !== 'string') fields.wrongType([...path, 'from'], 'a text', turn.from);
    else {
      const near = nearestName(turn.from, Object.keys(speakers));
      const hint =
        near === undefined ? 'Known are system, human, gpt, function_call and observation.' : `Did you mean "${near}"?`;
      const message = `There is no speaker ${JSON.stringify(turn.from)}. ${hint}`;
      fields.add('data/unknown-role', [...path, 'from'], message, 'error', near);
    }
    return undefined;
  }
  const context = isContextOnly(fields, turn, path) ? { train: false } : {};
  if (turn.value === undefined || turn.value === null) {
    fields.add('data/missing-field', path, `${pathText(path)} has no "value".`);
    return undefined;
  }
  if (speaker !== 'call') return { role: speaker, content: fields.text(turn.value, [...path, 'value']), ...context };
  return { role: 'assistant', content: '', tool_calls: readCalls(fields, turn.value, [...path, 'value']), ...context };
}

/** A call is `{name, arguments}` or a list of such, itself or as JSON in a text. */
function readCalls(fields: FieldReader, value: unknown, path: JsonPath): ToolCall[] {
  const parsed = fields.jsonInText(value, path);
  if (parsed === null) return [];
  const calls: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return calls.flatMap((call): ToolCall[] => {
    const read = readFunction(fields, call, path);
    return read === undefined ? [] : [{ type: 'function', function: read }];
  });
}

/** Two texts, or two lists of messages; of the latter only the completion's turns are trained. */
export function readPromptCompletion(fields: FieldReader, sampleId: string): DataRecord {
  const prompt = fields.get('prompt');
  const completion = fields.get('completion');
  if (!Array.isArray(prompt) && !Array.isArray(completion)) {
    const system = fields.optionalText('system');
    const record = {
      kind: 'completion',
      sampleId,
      prompt: fields.requiredText('prompt'),
      completion: fields.requiredText('completion'),
    } as const;
    return system === undefined ? record : { ...record, system };
  }
  if (prompt === undefined) fields.missing('prompt');
  if (completion === undefined) fields.missing('completion');
  const asked = prompt === undefined ? [] : readMessages(fields, prompt, [fields.nameOf('prompt')]);
  const answered = completion === undefined ? [] : readMessages(fields, completion, [fields.nameOf('completion')]);
  const context = asked.map((message): Message =>
    message.role === 'assistant' ? { ...message, train: false } : message,
  );
  return chat(sampleId, [...context, ...answered], readTools(fields));
}

/** A prompt alone, a text or messages: answers to it are drawn from the model. */
export function readPrompt(fields: FieldReader, sampleId: string): DataRecord {
  const prompt = fields.get('prompt');
  if (Array.isArray(prompt)) {
    return chat(sampleId, readMessages(fields, prompt, [fields.nameOf('prompt')]), readTools(fields));
  }
  const system = fields.optionalText('system');
  const record = { kind: 'completion', sampleId, prompt: fields.requiredText('prompt'), completion: '' } as const;
  return system === undefined ? record : { ...record, system };
}

function chat(sampleId: string, messages: readonly Message[], tools: ReturnType<typeof readTools>): DataRecord {
  return { kind: 'chat', sampleId, messages, ...(tools === undefined ? {} : { tools }) };
}
