// Finds the first byte that is not UTF-8, so that a wrongly encoded file is told by the exact place.
import { isUtf8 } from 'node:buffer';

/** Index of the first byte that breaks UTF-8; undefined when all of it is valid. */
export function firstInvalidUtf8(bytes: Buffer): number | undefined {
  if (isUtf8(bytes)) return undefined;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes[at]!);
    if (length === 0 || at + length > bytes.length || !isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return undefined;
}

/** Length of the character that a byte starts; 0 when no character starts so. */
function sequenceLength(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc2) return 0;
  if (byte < 0xe0) return 2;
  if (byte < 0xf0) return 3;
  return byte < 0xf5 ? 4 : 0;
}

/** UTF-16 (with or without a byte order mark) as seen in the first bytes of a text; undefined for anything else. */
export function utf16Name(head: Buffer): 'UTF-16 LE' | 'UTF-16 BE' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'UTF-16 LE';
  if (head[0] === 0xfe && head[1] === 0xff) return 'UTF-16 BE';
  // JSON starts with an ASCII character, whose other byte in UTF-16 is zero.
  if (head.length >= 4 && head[0] !== 0 && head[1] === 0 && head[2] !== 0 && head[3] === 0) return 'UTF-16 LE';
  if (head.length >= 4 && head[0] === 0 && head[1] !== 0 && head[2] === 0 && head[3] !== 0) return 'UTF-16 BE';
  return undefined;
}
