// The characters by which byte-level vocabularies write bytes.

/**
 * GPT-2 writes printable bytes as themselves and the others as the characters from U+0100 on, in order. The character of
 * each byte.
 */
export const byteCharacters: readonly string[] = (() => {
  const isPrintable = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
})();
