// Token ids to text while they are being generated: only whole characters, with the spaces that the whole text has.
import type { Tokenizer } from './types.ts';

export interface StreamDecoder {
  /** The text that became certain with this token; empty while a character is incomplete. */
  push(id: number): string;
  /** What is left when generation ends, incomplete characters as U+FFFD. */
  end(): string;
}

/**
 * Decodes tokens one by one so that the pieces, laid together, are the text of all tokens. Some tokens already said are
 * decoded again before each new one, because a tokenizer drops the space before the first word of what it decodes.
 */
export function createStreamDecoder(
  tokenizer: Tokenizer,
  options: { readonly skipSpecialTokens: boolean } = { skipSpecialTokens: true },
): StreamDecoder {
  let ids: number[] = [];
  let said = 0;
  const textOf = (part: readonly number[]): string => tokenizer.decode(part, options);
  const newText = (): string => textOf(ids).slice(textOf(ids.slice(0, said)).length);
  return {
    push(id) {
      if (options.skipSpecialTokens && tokenizer.specialTokenIds.has(id)) return '';
      ids.push(id);
      const text = newText();
      // A character that is still incomplete shows as U+FFFD at the end.
      if (text === '' || text.endsWith('\uFFFD')) return '';
      ids = ids.slice(said);
      said = ids.length;
      return text;
    },
    end() {
      const text = newText();
      said = ids.length;
      return text;
    },
  };
}
