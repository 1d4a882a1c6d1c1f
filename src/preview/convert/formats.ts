// One row in another format. What the other format has no place for is named, never dropped without a word.
import { conversationOf } from '../../data/template/conversation.ts';
import type { DataRecord, Message, SingleRecord } from '../../data/records.ts';
import type { ConversionTarget } from '../../protocol/previewViews.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A row written anew, or why that cannot be; `losses` are sentences without the row's name. */
export type Written =
  | { readonly ok: true; readonly row: Fields; readonly losses: readonly string[] }
  | { readonly ok: false; readonly why: string };

export function writeRecord(record: DataRecord, target: Exclude<ConversionTarget, 'jsonl'>): Written {
  if (record.kind === 'preference') return { ok: false, why: 'it is a preference pair, which has two answers' };
  if (record.kind === 'text') return { ok: false, why: 'running text has no question and answer' };
  switch (target) {
    case 'messages':
      return writeMessages(record);
    case 'conversations':
      return writeConversations(record);
    case 'instruction':
      return writeInstruction(record);
    case 'prompt_completion':
      return writePromptCompletion(record);
  }
}

type Spoken = Exclude<SingleRecord, { kind: 'text' }>;

const joinedInput = 'the input was joined to the instruction by a blank line';

function inputLoss(record: Spoken): string[] {
  return record.kind === 'instruction' && record.input !== '' ? [joinedInput] : [];
}

function toolsOf(record: Spoken): Fields {
  return record.kind === 'chat' && record.tools ? { tools: record.tools } : {};
}

function writeMessages(record: Spoken): Written {
  const { messages } = conversationOf(record);
  return { ok: true, row: { messages: messages.map(plainMessage), ...toolsOf(record) }, losses: inputLoss(record) };
}

/** In the order in which people write the fields. */
function plainMessage({ role, content, ...rest }: Message): Fields {
  return { role, content, ...rest };
}

const speakers = { system: 'system', user: 'human', assistant: 'gpt', tool: 'observation' } as const;

function writeConversations(record: Spoken): Written {
  const losses = new Set(inputLoss(record));
  const turns = conversationOf(record).messages.flatMap(
    ({ role, content, reasoning_content, tool_calls, tool_call_id, name, train }): Fields[] => {
      const context = train === false ? { train } : {};
      if (reasoning_content !== undefined) losses.add('reasoning_content has no place in conversations');
      if (tool_call_id !== undefined || tool_calls?.some(({ id }) => id !== undefined))
        losses.add('ids of tool calls have no place in conversations');
      if (name !== undefined) losses.add('names of turns have no place in conversations');
      const calls = tool_calls?.map(({ function: call }) => call);
      const said = { from: speakers[role], value: content, ...context };
      if (!calls || calls.length === 0) return [said];
      const called = {
        from: 'function_call',
        value: JSON.stringify(calls.length === 1 ? calls[0] : calls),
        ...context,
      };
      if (content === '') return [called];
      losses.add('a turn that speaks and calls became two turns');
      return [said, called];
    },
  );
  return { ok: true, row: { conversations: turns, ...toolsOf(record) }, losses: [...losses] };
}

function writeInstruction(record: Spoken): Written {
  if (record.kind === 'instruction') {
    const { system, instruction, input, output, reasoning } = record;
    const losses = reasoning === undefined ? [] : ['the reasoning has no place in instruction rows'];
    return { ok: true, row: instructionRow(system, instruction, input, output), losses };
  }
  if (record.kind === 'completion')
    return { ok: true, row: instructionRow(record.system, record.prompt, '', record.completion), losses: [] };
  const single = singleTurn(record);
  if (typeof single === 'string') return { ok: false, why: `${single}, and an instruction row has one of each` };
  const { system, user, assistant } = single;
  return {
    ok: true,
    row: { ...instructionRow(system?.content, user.content, '', assistant.content) },
    losses: turnLosses([system, user, assistant], 'instruction rows'),
  };
}

function instructionRow(system: string | undefined, instruction: string, input: string, output: string): Fields {
  return { ...(system === undefined ? {} : { system }), instruction, ...(input === '' ? {} : { input }), output };
}

function writePromptCompletion(record: Spoken): Written {
  if (record.kind === 'completion') {
    const { system, prompt, completion } = record;
    return { ok: true, row: { ...(system === undefined ? {} : { system }), prompt, completion }, losses: [] };
  }
  const { messages } = conversationOf(record);
  const single = record.kind === 'chat' && record.tools ? 'it has tools' : singleTurn({ messages });
  if (typeof single !== 'string' && turnLosses([single.system, single.user, single.assistant], '').length === 0) {
    const { system, user, assistant } = single;
    const row = {
      ...(system === undefined ? {} : { system: system.content }),
      prompt: user.content,
      completion: assistant.content,
    };
    return { ok: true, row, losses: inputLoss(record) };
  }
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  if (last <= 0) return { ok: false, why: 'it has no answer behind a question' };
  // What is trained must stay what is trained: of a prompt's turns none is, of a completion's all are.
  const trainedFrom = messages.findIndex(({ role, train }) => role === 'assistant' && train !== false);
  const losses = new Set(inputLoss(record));
  const isMany = trainedFrom >= 0 && trainedFrom < last;
  if (isMany) losses.add('earlier answers are context only and no longer trained; split the turns to keep them');
  if (messages[last]?.train === false) losses.add('the last answer was context only and is now trained');
  const prompt = messages.slice(0, last).map(withoutTrain).map(plainMessage);
  const completion = messages.slice(last).map(withoutTrain).map(plainMessage);
  return { ok: true, row: { prompt, completion, ...toolsOf(record) }, losses: [...losses] };
}

function withoutTrain({ train: _, ...message }: Message): Message {
  return message;
}

interface SingleTurn {
  readonly system: Message | undefined;
  readonly user: Message;
  readonly assistant: Message;
}

/** One question and one answer, perhaps after a system message; else a clause that says what there is. */
function singleTurn({ messages }: { readonly messages: readonly Message[] }): SingleTurn | string {
  const [first, ...others] = messages;
  const system = first?.role === 'system' ? first : undefined;
  const [user, assistant, ...more] = system ? others : messages;
  if (user?.role === 'user' && assistant?.role === 'assistant' && more.length === 0) return { system, user, assistant };
  const count = (role: Message['role']): number => messages.filter((message) => message.role === role).length;
  const told = (times: number, one: string): string => `${times} ${one}${times === 1 ? '' : 's'}`;
  return `it has ${told(count('user'), 'question')} and ${told(count('assistant'), 'answer')}`;
}

/** What plain texts have no place for. */
function turnLosses(turns: readonly (Message | undefined)[], where: string): string[] {
  const present = turns.filter((turn) => turn !== undefined);
  const lost: string[] = [];
  if (present.some(({ reasoning_content }) => reasoning_content !== undefined))
    lost.push(`reasoning_content has no place in ${where}`);
  if (present.some(({ tool_calls }) => tool_calls !== undefined)) lost.push(`tool calls have no place in ${where}`);
  if (present.some(({ name, tool_call_id }) => name !== undefined || tool_call_id !== undefined))
    lost.push(`names and ids of turns have no place in ${where}`);
  if (present.some(({ train }) => train === false)) lost.push(`turns that are context only have no place in ${where}`);
  return lost;
}

/** A chat of several answers as one row for each: all that comes before an answer is its context. */
export function splitTurns(record: DataRecord): DataRecord[] {
  if (record.kind !== 'chat') return [record];
  const answers = record.messages.flatMap(({ role, train }, i) => (role === 'assistant' && train !== false ? [i] : []));
  if (answers.length <= 1) return [record];
  return answers.map((last) => ({
    ...record,
    messages: record.messages
      .slice(0, last + 1)
      .map((message, i) => (i < last && message.role === 'assistant' ? { ...message, train: false } : message)),
  }));
}
