// The characters between two whose places are known: those of the row that stand there too are theirs.
import type { Origins } from './origins.ts';
import { put } from './origins.ts';

/** A text, and the part of it that may stand at its ends. */
export interface LiteralPart {
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** Beyond this many pairs of characters a gap is only matched from its ends. */
const largestTable = 250_000;

/** Fills units (before, after) of the rendered text; the two are known, or lie outside of the text. */
export function alignGap(
  origins: Origins,
  rendered: string,
  before: number,
  after: number,
  texts: readonly LiteralPart[],
): void {
  const left = origins.text[before] ?? -1;
  const right = origins.text[after] ?? -1;
  const leftEnd = origins.to[before] ?? 0;
  const rightStart = origins.from[after] ?? 0;
  const gap = rendered.slice(before + 1, after);
  if (left >= 0 && left === right && rightStart >= leftEnd) {
    const value = texts[left]?.value.slice(leftEnd, rightStart) ?? '';
    if (gap !== value && gap === inJson(value)) putInJson(origins, before + 1, value, left, leftEnd);
    else
      for (const [unit, at] of alignment(gap, value))
        put(origins, before + 1 + unit, { text: left, from: leftEnd + at, to: leftEnd + at + 1 });
    return;
  }
  const tail = texts[left]?.value.slice(leftEnd, texts[left].to) ?? '';
  const first = texts[right]?.from ?? 0;
  const start = before + 1;
  let from = 0;
  for (let at = 0; at < tail.length; at += 1) {
    const written = formsOf(tail.charAt(at)).find((form) => gap.startsWith(form, from));
    if (written === undefined) break;
    for (const end = from + written.length; from < end; from += 1)
      put(origins, start + from, { text: left, from: leftEnd + at, to: leftEnd + at + 1 });
  }
  let until = gap.length;
  for (let at = rightStart - 1; at >= first; at -= 1) {
    const value = texts[right]?.value ?? '';
    const written = formsOf(value.charAt(at)).findLast((form) => gap.slice(from, until).endsWith(form));
    if (written === undefined) break;
    for (const end = until - written.length; until > end; until -= 1)
      put(origins, start + until - 1, { text: right, from: at, to: at + 1 });
  }
}

/** How a template writes a character: as it is, or with an escape where it writes a text as JSON. */
function formsOf(character: string): readonly string[] {
  const escaped = inJson(character);
  return escaped === character ? [character] : [character, escaped];
}

/** A text as it stands between the quotes of JSON. */
export function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** A text written as JSON from a unit of the rendered text on: every unit of an escape stands for its character. */
export function putInJson(origins: Origins, unit: number, value: string, text: number, from: number): void {
  let next = unit;
  let at = from;
  for (const character of value) {
    const end = at + character.length;
    for (const last = next + inJson(character).length; next < last; next += 1)
      put(origins, next, { text, from: at, to: end });
    at = end;
  }
}

/** Pairs of equal characters, both ascending: all of them when the two are the same, else a longest common subsequence. */
export function alignment(a: string, b: string): [number, number][] {
  if (a === b) return Array.from({ length: a.length }, (_, i) => [i, i]);
  if (a.length * b.length > largestTable) return commonEnds(a, b);
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] =
        a[i] === b[j]
          ? (table[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(table[(i + 1) * width + j] ?? 0, table[i * width + j + 1] ?? 0);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return pairs;
}

function commonEnds(a: string, b: string): [number, number][] {
  const pairs: [number, number][] = [];
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) pairs.push([from, from++]);
  let back = 1;
  const tail: [number, number][] = [];
  while (back <= Math.min(a.length, b.length) - from && a[a.length - back] === b[b.length - back]) {
    tail.push([a.length - back, b.length - back]);
    back += 1;
  }
  return [...pairs, ...tail.reverse()];
}
