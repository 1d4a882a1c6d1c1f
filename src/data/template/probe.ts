// Changing one turn of a conversation and looking at what changes with it in the rendering.
import type { Message, ToolCall } from '../records.ts';
import type { Renderer } from './render.ts';

export type ProbedField = 'content' | 'reasoning_content' | 'call names' | 'call arguments';

/** Two words that share neither their first nor their last letter, so that all they share is what surrounds them. */
const words = ['probe', 'other'] as const;

/**
 * The first `count` turns rendered with one word and with another in place of what turn `index` says. Of tool calls the
 * last is changed. Fields that the turn does not have stay absent, except content.
 */
export function probes(
  renderer: Renderer,
  index: number,
  count: number,
  addGenerationPrompt: boolean,
  fields: readonly ProbedField[],
): [string | undefined, string | undefined] {
  const [a, b] = words.map((word) =>
    renderer.prefix(
      count,
      addGenerationPrompt,
      renderer.messages.map((message, i) => (i === index ? changed(message, fields, word) : message)),
    ),
  );
  return [a, b];
}

function changed(message: Message, fields: readonly ProbedField[], word: string): Message {
  const calls = message.tool_calls ?? [];
  return {
    ...message,
    ...(fields.includes('content') ? { content: word } : {}),
    ...(fields.includes('reasoning_content') && message.reasoning_content !== undefined
      ? { reasoning_content: word }
      : {}),
    ...(calls.length > 0 && (fields.includes('call names') || fields.includes('call arguments'))
      ? { tool_calls: [...calls.slice(0, -1), ...calls.slice(-1).map((call) => changedCall(call, fields, word))] }
      : {}),
  };
}

function changedCall(call: ToolCall, fields: readonly ProbedField[], word: string): ToolCall {
  return {
    ...call,
    function: {
      name: fields.includes('call names') ? word : call.function.name,
      arguments: fields.includes('call arguments') ? { [word]: word } : call.function.arguments,
    },
  };
}

/** Length of the longest common start. */
export function commonPrefix(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}

/** Length of the longest common end. */
export function commonSuffix(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
  return n;
}
