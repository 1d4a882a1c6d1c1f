// How a turn ends: the special tokens of a tokenizer in a text, and the one that closes what the assistant said.
import type { TextSpan } from '../../models/chatTemplate.ts';
import type { Tokenizer } from '../../models/types.ts';
import { commonPrefix } from './probe.ts';

/** Finds the special tokens of a tokenizer in texts. */
export interface SpecialTokens {
  firstIn(text: string): TextSpan | undefined;
  all(text: string): TextSpan[];
}

/** Special tokens as they would be recognised in a text: the longest one that fits. */
export function specialTokensOf(tokenizer: Tokenizer): SpecialTokens {
  const names = [...tokenizer.specialTokenIds]
    .map((id) => tokenizer.idToToken(id) ?? '')
    .filter((name) => name !== '')
    .sort((a, b) => b.length - a.length);
  const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|');
  const expression = pattern === '' ? undefined : new RegExp(pattern, 'g');
  const all = (text: string): TextSpan[] =>
    expression === undefined
      ? []
      : Array.from(text.matchAll(expression), (m) => ({ start: m.index, end: m.index + m[0].length }));
  return { all, firstIn: (text) => all(text)[0] };
}

/**
 * How much of `rest` (the full text after what the turn says) belongs to the turn. `closing` is what follows when the
 * turn is the last one; a template may close a turn of the history with another special token, or with fewer.
 *
 * The turn ends with its first special token and those that follow it immediately; after tool calls with `usual`, what
 * ends plain turns, where it is there, because calls are written with special tokens of their own. Without special tokens
 * the turn ends with what the template prints after it, less the space at its end. Undefined where the two do not agree.
 */
export function endOfClosing(
  closing: string,
  rest: string,
  usual: string | undefined,
  special: SpecialTokens,
): number | undefined {
  const ending = closingLength(closing, usual, special);
  if (rest.startsWith(closing.slice(0, ending))) return ending;
  const shared = commonPrefix(closing, rest);
  const tokens = special.all(closing.slice(0, ending));
  const common = tokens.filter((token) => token.end <= shared).at(-1);
  if (common && usual === undefined) return common.end;
  // Another token in the same place, which is no opening of the next turn: that would be followed by words.
  const [inRest, next] = special.all(rest).filter((token) => token.end > shared);
  const same = tokens.at(-1)?.end === ending && tokens.at(-1)?.start === inRest?.start;
  if (!same || !inRest) return undefined;
  return rest.slice(inRest.end, next?.start).trim() === '' ? inRest.end : undefined;
}

/** How much of a turn's closing is its end-of-turn; 0 where the template has none. */
export function closingLength(closing: string, usual: string | undefined, special: SpecialTokens): number {
  if (usual !== undefined) {
    const at = closing.indexOf(usual);
    return at >= 0 ? at + usual.length : closing.trimEnd().length;
  }
  let end: number | undefined;
  for (const token of special.all(closing)) if (end === undefined || token.start === end) end = token.end;
  return end ?? closing.trimEnd().length;
}
