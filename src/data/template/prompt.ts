// A person's question as the model reads it, and the tokens that end its answer.
import type { LoadedModel, Tokenizer } from '../../models/types.ts';
import { specialTokensOf } from './endOfTurn.ts';
import type { RowTemplate } from './templates.ts';

export interface PromptOptions {
  readonly tokenizer: Tokenizer;
  readonly template: RowTemplate;
  readonly system?: string;
}

/**
 * Token ids of a user turn with the opening of the answer; without a template the text itself, as the tokenizer begins
 * texts. Throws `chat/template-failed` when the template refuses it.
 */
export function encodePrompt(text: string, { tokenizer, template, system }: PromptOptions): Int32Array {
  if (template === 'none') {
    const plain = system === undefined ? text : `${system}\n\n${text}`;
    return Int32Array.from(tokenizer.encode(plain, { addSpecialTokens: true }));
  }
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: text },
  ];
  const rendered = template.template.render(messages, { ...template.options, addGenerationPrompt: true });
  return Int32Array.from(tokenizer.encode(rendered, { addSpecialTokens: false }));
}

/** EOS, what generation_config.json adds to it, and the special token with which the template closes a turn. */
export function stopTokenIds(
  model: Pick<LoadedModel, 'tokenizer' | 'generationConfig'>,
  template: RowTemplate,
): number[] {
  const { tokenizer, generationConfig } = model;
  const listed = generationConfig['eos_token_id'];
  const ids: unknown[] = [tokenizer.eosTokenId, ...(Array.isArray(listed) ? (listed as unknown[]) : [listed])];
  if (template !== 'none') ids.push(closingToken(tokenizer, template));
  return [...new Set(ids.filter((id): id is number => typeof id === 'number'))];
}

/** What a row has behind the token that ends its answer, such as a line end; nothing without a template. */
export function tokensBehindAnswer(
  model: Pick<LoadedModel, 'tokenizer' | 'generationConfig'>,
  template: RowTemplate,
): number[] {
  if (template === 'none') return [];
  const tokens = model.tokenizer.encode(textBehindAnswer(template), { addSpecialTokens: false });
  const stops = stopTokenIds(model, template);
  const end = tokens.findIndex((token) => stops.includes(token));
  return end === -1 ? [] : tokens.slice(end + 1);
}

/** The first special token after the content of an assistant turn. */
function closingToken(tokenizer: Tokenizer, template: Exclude<RowTemplate, 'none'>): number | undefined {
  const rest = textBehindAnswer(template);
  const token = specialTokensOf(tokenizer).firstIn(rest);
  return token === undefined ? undefined : tokenizer.tokenToId(rest.slice(token.start, token.end));
}

function textBehindAnswer({ template, options }: Exclude<RowTemplate, 'none'>): string {
  const answer = 'finetune-probe';
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: answer },
  ];
  const text = template.render(messages, options);
  return text.slice(text.lastIndexOf(answer) + answer.length);
}
