// The layout of the Alpaca instruction data, as a chat template: the words must be those that Alpaca models were trained on.

const withoutInput =
  'Below is an instruction that describes a task. Write a response that appropriately completes the request.';
const withInput =
  'Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.';

/** Marks a user turn that brings an input; the template splits the turn there. */
export const alpacaInputMark = '\n\n### Input:\n';

/**
 * The first turn has the preamble (or the system message in its place); later turns follow after a blank line.
 * The answer is closed by EOS.
 */
export const alpacaTemplate = `
{%- set system = messages[0].content if messages[0].role == 'system' else '' -%}
{%- for message in messages -%}
{%- if message.role == 'user' -%}
{%- if loop.first or (loop.index0 == 1 and messages[0].role == 'system') -%}
{{- system or (${JSON.stringify(withInput)} if ${JSON.stringify(alpacaInputMark)} in message.content else ${JSON.stringify(withoutInput)}) -}}
{%- endif -%}
{{- '\\n\\n### Instruction:\\n' + message.content + '\\n\\n### Response:\\n' -}}
{%- elif message.role == 'assistant' -%}
{%- if message.tool_calls -%}{{- raise_exception('The alpaca template has no tool calls') -}}{%- endif -%}
{%- generation -%}{{- message.content + eos_token -}}{%- endgeneration -%}
{%- elif not loop.first -%}
{{- raise_exception('The alpaca template takes a system message first, then user and assistant turns') -}}
{%- endif -%}
{%- endfor -%}`;
