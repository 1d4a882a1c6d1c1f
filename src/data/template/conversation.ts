// A record as the conversation that a chat template renders.
import { problem } from '../../protocol/problem.ts';
import type { TemplateValue } from '../../models/chatTemplate.ts';
import type { SingleRecord, Message } from '../records.ts';

export interface Conversation {
  readonly messages: readonly Message[];
  readonly tools?: readonly TemplateValue[];
}

/**
 * The turns of a record. `system` is put first where the record has no system message of its own.
 * An instruction with an input becomes one user turn, the input after a blank line.
 * @throws ProblemError `chat/no-messages`.
 */
export function conversationOf(record: Exclude<SingleRecord, { kind: 'text' }>, system?: string): Conversation {
  if (record.kind === 'chat') {
    if (record.messages.length === 0) throw problem('chat/no-messages', `${record.sampleId} has no messages.`);
    const messages = withSystem(record.messages, system);
    return { messages, ...(record.tools ? { tools: record.tools } : {}) };
  }
  const asked = record.kind === 'completion' ? record.prompt : instructionText(record.instruction, record.input);
  const answer: Message =
    record.kind === 'completion'
      ? { role: 'assistant', content: record.completion }
      : {
          role: 'assistant',
          content: record.output,
          ...(record.reasoning === undefined ? {} : { reasoning_content: record.reasoning }),
        };
  const turns: Message[] = [{ role: 'user', content: asked }, answer];
  return { messages: withSystem(turns, record.system ?? system) };
}

function instructionText(instruction: string, input: string): string {
  return input === '' ? instruction : `${instruction}\n\n${input}`;
}

function withSystem(messages: readonly Message[], system: string | undefined): readonly Message[] {
  if (system === undefined || messages.some((message) => message.role === 'system')) return messages;
  return [{ role: 'system', content: system }, ...messages];
}
