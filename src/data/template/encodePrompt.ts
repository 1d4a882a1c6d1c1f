// What a record asks, as the model reads it: everything before its last answer, and the opening of the next one.
import { problem } from '../../protocol/problem.ts';
import type { SingleRecord } from '../records.ts';
import { conversationOf } from './conversation.ts';
import type { EncodeOptions } from './encodeRecord.ts';
import { plainPrompt } from './layOut.ts';
import { renderer } from './render.ts';

/**
 * Token ids of the prompt. Throws `chat/template-missing` and what the template throws, and `data/row-too-long`: a prompt
 * that is cut would ask something else.
 */
export function encodePromptOf(record: SingleRecord, options: EncodeOptions): Int32Array {
  const tokens = Int32Array.from(tokensOf(record, options));
  if (tokens.length <= options.maxLength) return tokens;
  throw problem(
    'data/row-too-long',
    `The prompt of ${record.sampleId} has ${tokens.length} tokens and data.max_length is ${options.maxLength}. Raise it, or leave long prompts out by data.overflow: drop.`,
  );
}

function tokensOf(record: SingleRecord, { tokenizer, template, system }: EncodeOptions): readonly number[] {
  if (record.kind === 'text') throw problem('data/no-prompts', `${record.sampleId} is running text and asks nothing.`);
  if (template === 'none') {
    if (record.kind !== 'chat') return tokenizer.encode(plainPrompt(record, system), { addSpecialTokens: true });
    throw problem('chat/template-missing', `${record.sampleId} is a chat, which needs a chat template.`);
  }
  const conversation = conversationOf(record, system);
  const { messages } = conversation;
  const end = messages.at(-1)?.role === 'assistant' ? messages.length - 1 : messages.length;
  const text = renderer(conversation, template).prefix(end, true);
  if (text !== undefined) return tokenizer.encode(text, { addSpecialTokens: false });
  throw problem('chat/template-failed', `The chat template cannot begin an answer to ${record.sampleId}.`);
}
