// Spans of a text to tokens: which token ids are learned.
import type { TextSpan } from '../../models/chatTemplate.ts';

export interface TokenisedText {
  readonly ids: readonly number[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/**
 * 1 for every token that is learned, [tokens]. A token inside a span is. A token across the border of a span is when all
 * that it has outside is white space (" yes" after "Answer:", where the space belongs to the prompt), and is not when it
 * holds any other character of the prompt. Spans are ascending and disjoint. The first token of a row has nothing before
 * it from which it could be predicted, so it is never learned.
 */
export function maskOfSpans(text: string, tokens: TokenisedText, spans: readonly TextSpan[]): Uint8Array {
  const mask = new Uint8Array(tokens.ids.length);
  let from = 0;
  for (let i = 1; i < mask.length; i++) {
    const start = tokens.starts[i] ?? 0;
    const end = tokens.ends[i] ?? start;
    while (from < spans.length && (spans[from]?.end ?? 0) <= start) from++;
    const span = spans[from];
    if (span && learned(text, start, end, span)) mask[i] = 1;
  }
  return mask;
}

function learned(text: string, start: number, end: number, span: TextSpan): boolean {
  if (start === end) return start >= span.start && start < span.end;
  if (end <= span.start) return false;
  return isBlank(text.slice(start, span.start)) && isBlank(text.slice(Math.min(span.end, end), end));
}

function isBlank(outside: string): boolean {
  return outside.trim() === '';
}
