// UTF-8 that was read as Windows-1252 or Latin-1 and written again: how it looks, and how it is undone.

/** Characters that Windows-1252 has at 0x80 to 0x9f, where Latin-1 has none that are printed (WHATWG Encoding Standard). */
const special: readonly (readonly [string, number])[] = [
  ...Array.from('ƒ„…†‡ˆ‰Š‹Œ', (character, i): [string, number] => [character, 0x83 + i]),
  ...Array.from('‘’“”•–—˜™š›œ', (character, i): [string, number] => [character, 0x91 + i]),
  ...([
    ['€', 0x80],
    ['‚', 0x82],
    ['Ž', 0x8e],
    ['ž', 0x9e],
    ['Ÿ', 0x9f],
  ] as const),
];
const windows1252 = new Map(special);

/** A byte of UTF-8 that continues a character. */
const next = `[\\u0080-\\u00bf${special.map(([character]) => character).join('')}]`;

/** Letters of western Europe and of Cyrillic, quotation marks and dashes, emoji; and the mark of lost characters. */
export const mojibake = new RegExp(`(?:[ÂÃÐÑ]${next}|â${next}{2}|ðŸ${next}{2}|ï¿½|\\ufffd)+`, 'g');

/** What the characters were before they were decoded wrongly; undefined where that cannot be told. */
export function mended(text: string): string | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const byte = windows1252.get(character) ?? (code < 0x100 ? code : undefined);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
    return decoded.includes('\ufffd') ? undefined : decoded;
  } catch {
    return undefined;
  }
}
