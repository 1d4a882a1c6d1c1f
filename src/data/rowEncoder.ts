// How a record becomes tokens and mask under the settings of a config: single rows, pairs, and prompts that are answered later.
import type { RowKind } from '../config/objective.ts';
import { compileChatTemplate } from '../models/chatTemplate.ts';
import { tokenizerOf } from '../models/modelFolder.ts';
import type { EncodedRow, RowEncoder } from './prepare/encoder.ts';
import type { EncoderRecipe } from './prepare/encodingMessages.ts';
import { mainRecord, type SingleRecord } from './records.ts';
import { encodePair } from './template/encodePair.ts';
import { encodePromptOf } from './template/encodePrompt.ts';
import { encodeRecord, type EncodeOptions } from './template/encodeRecord.ts';
import type { RowTemplate } from './template/templates.ts';

/** Encodes records as rows of a kind. */
export function encodeRows(kind: RowKind, options: EncodeOptions): RowEncoder['encode'] {
  return (record) => {
    if (kind === 'prompt') return encodeAsked(mainRecord(record), options);
    if (record.kind === 'preference') {
      const { fate, truncatedTokens, ...pair } = encodePair(record, options);
      return { ...pair, lostTokens: truncatedTokens, isDropped: fate === 'drop' };
    }
    const { fate, tokens, mask, truncatedTokens, findings } = encodeRecord(record, options);
    return { tokens, mask, lostTokens: truncatedTokens, findings, isDropped: fate === 'drop' };
  };
}

/** The plain data that another thread makes the same encoder of. */
export function recipeOf(
  kind: RowKind,
  { tokenizer: _tokenizer, template, ...settings }: EncodeOptions,
  tokenizerFiles: ReadonlyMap<string, string>,
): EncoderRecipe {
  return { kind, settings, tokenizerFiles, template: plainTemplate(template) };
}

/** Makes the encoder of a recipe. */
export function encoderOf({ kind, settings, tokenizerFiles, template }: EncoderRecipe): RowEncoder['encode'] {
  const tokenizer = tokenizerOf(tokenizerFiles);
  if (template === 'none') return encodeRows(kind, { ...settings, tokenizer, template });
  const use = { template: compileChatTemplate(template.source, template.name), options: template.options };
  return encodeRows(kind, { ...settings, tokenizer, template: use });
}

function plainTemplate(template: RowTemplate): EncoderRecipe['template'] {
  if (template === 'none') return 'none';
  const { source, name } = template.template;
  return { source, name, options: template.options };
}

/** Nothing of a prompt is trained: the answers are, which are drawn later. */
function encodeAsked(record: SingleRecord, options: EncodeOptions): EncodedRow {
  const none = { tokens: new Int32Array(), mask: new Uint8Array(), lostTokens: 0, findings: [] };
  if (options.overflow === 'drop') {
    const tokens = encodePromptOf(record, { ...options, maxLength: Number.MAX_SAFE_INTEGER });
    if (tokens.length > options.maxLength) return { ...none, isDropped: true };
  }
  const tokens = encodePromptOf(record, options);
  return { ...none, tokens, mask: new Uint8Array(tokens.length), isUntrained: false, keepsFields: true };
}
