// A row as tokens with mask, by the very function that the trainer uses, and who says how many of them.
import { mainRecord, type DataRecord } from '../data/records.ts';
import { conversationOf } from '../data/template/conversation.ts';
import { encodeRecord, type EncodeOptions } from '../data/template/encodeRecord.ts';
import type { PreviewSpeaker, RowTokens } from '../protocol/previewViews.ts';

/** Tokens that are shown of a row. */
const mostShown = 6000;

/** No row is longer: the row as it is before `max_length` cuts it. */
const uncut = Number.MAX_SAFE_INTEGER;

/** Of a pair, its chosen side. @throws ProblemError when the template refuses the record. */
export function tokensOf(record: DataRecord, options: EncodeOptions): RowTokens {
  const { tokenizer, maxLength, overflow } = options;
  const whole = encodeRecord(mainRecord(record), { ...options, maxLength: uncut, overflow: 'truncate' });
  const { tokens, mask, text } = whole;
  const shown = Math.min(tokens.length, mostShown);
  const kept = tokens.length > maxLength && overflow !== 'truncate' ? 0 : Math.min(tokens.length, maxLength);
  const pieces: string[] = [];
  const offsets = offsetsOf(text, tokens, options);
  const kinds: number[] = [];
  let covered = 0;
  for (let i = 0; i < shown; i += 1) {
    const [start, end] = [offsets?.starts[i], offsets?.ends[i]];
    // Characters that two tokens share are shown once, with the first of them.
    if (start !== undefined && end !== undefined && end > start) {
      pieces.push(end > covered ? text.slice(Math.max(start, covered), end) : '');
      covered = Math.max(covered, end);
    } else pieces.push(tokenizer.idToToken(tokens[i]!) ?? '');
    kinds.push(mask[i]! + (i < kept ? 0 : 2));
  }
  const trained = countTrained(mask.subarray(0, kept));
  return {
    pieces,
    ids: Array.from(tokens.subarray(0, shown)),
    kinds,
    total: tokens.length,
    trained,
    lost: whole.trainedTokens - trained,
  };
}

/** Offsets of the tokens that the trainer makes; undefined where those are not simply the tokens of the text. */
function offsetsOf(text: string, tokens: Int32Array, { tokenizer }: EncodeOptions) {
  for (const addSpecialTokens of [false, true]) {
    const found = tokenizer.encodeWithOffsets(text, { addSpecialTokens });
    // The trainer may drop a second BOS at the start and add an EOS at the end.
    const skip = found.ids.length > 1 && found.ids[0] === found.ids[1] && found.ids[0] !== tokens[1] ? 1 : 0;
    const common = Math.min(found.ids.length - skip, tokens.length);
    if (common < tokens.length - 1) continue;
    let same = true;
    for (let i = 0; i < common && same; i += 1) same = found.ids[i + skip] === tokens[i];
    if (same) return { starts: found.starts.subarray(skip), ends: found.ends.subarray(skip) };
  }
  return undefined;
}

function countTrained(mask: Uint8Array): number {
  let trained = 0;
  for (const bit of mask) trained += bit;
  return trained;
}

export interface RowLengths {
  readonly tokens: number;
  /** Tokens that the run keeps after `max_length`, and those of them that it trains. */
  readonly kept: number;
  readonly keptTrained: number;
  /** Tokens of what each speaker says, the template's own words left out. */
  readonly speakers: ReadonlyMap<PreviewSpeaker, number>;
}

/** Of a pair, of its chosen side. @throws ProblemError when the template refuses the record. */
export function lengthsOf(row: DataRecord, options: EncodeOptions): RowLengths {
  const record = mainRecord(row);
  const { tokens, mask } = encodeRecord(record, { ...options, maxLength: uncut, overflow: 'truncate' });
  const speakers = new Map<PreviewSpeaker, number>();
  const count = (speaker: PreviewSpeaker, text: string): void => {
    if (text === '') return;
    const length = options.tokenizer.encode(text, { addSpecialTokens: false }).length;
    speakers.set(speaker, (speakers.get(speaker) ?? 0) + length);
  };
  if (record.kind === 'text') count('text', record.text);
  else
    for (const { role, content, reasoning_content } of conversationOf(record, options.system).messages)
      count(role, `${reasoning_content ?? ''}${content}`);
  const isDropped = tokens.length > options.maxLength && options.overflow !== 'truncate';
  const kept = isDropped ? 0 : Math.min(tokens.length, options.maxLength);
  return { tokens: tokens.length, kept, keptTrained: countTrained(mask.subarray(0, kept)), speakers };
}
