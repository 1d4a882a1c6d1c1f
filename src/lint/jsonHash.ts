// Hashes texts as `hashTexts` does, from the bytes of JSON strings, without making strings of them.
import { factorHigh, factorLow, finished, seedHigh, seedLow } from './hash.ts';

const backslash = 0x5c;

/** What stands behind a backslash → the code unit that is meant; 0 for others. */
const meant = new Uint8Array(0x100);
for (const [letter, character] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'])
  meant[letter!.charCodeAt(0)] = character!.charCodeAt(0);

/** Takes in one text after another. */
export class JsonHash {
  /** UTF-16 units of the texts so far. */
  units = 0;
  /** Bytes that stood where fewer units stand, in all. */
  narrowed = 0;
  private high = seedHigh;
  private low = seedLow;

  reset(): void {
    this.units = 0;
    this.narrowed = 0;
    this.high = seedHigh;
    this.low = seedLow;
  }

  /** As `hashTexts` of the texts so far. */
  get value(): number {
    return finished(this.high, this.low);
  }

  /**
   * Takes in what stands between two quotes, at [start, end) of valid UTF-8. False where that is no JSON, or has an escape
   * by number; then what was taken in means nothing.
   */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    // As in `hashTexts`: constants of the module are slow in a loop.
    const [byHigh, byLow, escape] = [factorHigh, factorLow, backslash];
    let { high, low } = this;
    // Bytes that are no unit of their own.
    let narrowed = 0;
    let escapes = 0;
    let at = start;
    while (at < end) {
      for (; at < end; at += 1) {
        const byte = bytes[at]!;
        if (byte < 0x20 || byte >= 0x80 || byte === escape) break;
        high = Math.imul(high ^ byte, byHigh);
        low = Math.imul(low ^ byte, byLow);
      }
      if (at === end) break;
      let unit = bytes[at]!;
      if (unit >= 0x80) {
        const size = unit < 0xe0 ? 2 : unit < 0xf0 ? 3 : 4;
        unit = codePoint(bytes, at, size);
        at += size;
        narrowed += size === 4 ? 2 : size - 1;
        if (size === 4) {
          const first = 0xd7c0 + (unit >> 10);
          high = Math.imul(high ^ first, byHigh);
          low = Math.imul(low ^ first, byLow);
          unit = 0xdc00 | (unit & 0x3ff);
        }
      } else {
        unit = unit === escape ? meant[bytes[at + 1]!]! : 0;
        if (unit === 0) return false;
        at += 2;
        escapes += 1;
      }
      high = Math.imul(high ^ unit, byHigh);
      low = Math.imul(low ^ unit, byLow);
    }
    this.high = Math.imul(high ^ 0x10000, factorHigh);
    this.low = Math.imul(low ^ 0x10001, factorLow);
    this.units += end - start - narrowed - escapes;
    this.narrowed += narrowed;
    return true;
  }
}

/** The character whose UTF-8 of that many bytes begins at a place. */
function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let code = bytes[at]! & (0x7f >> size);
  for (let i = 1; i < size; i += 1) code = (code << 6) | (bytes[at + i]! & 0x3f);
  return code;
}
