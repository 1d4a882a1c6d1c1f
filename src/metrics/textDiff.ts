// What changed from one text to the next, word by word: a shortest edit (Myers 1986, "An O(ND) Difference Algorithm").

export interface DiffPart {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** More words than these are not compared word by word between their common beginning and end. */
const wordLimit = 4000;
/** More edits than these say no more than "all of it changed". */
const editLimit = 600;

/** Words, numbers, single signs and runs of space; a letter of a script without spaces stands alone. */
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}_]+|\p{N}+|\s+|[^\s\p{L}\p{M}\p{N}]/gu;

/** Parts in reading order; the `same` and `removed` ones together are `before`, the `same` and `added` ones `after`. */
export function diffWords(before: string, after: string): DiffPart[] {
  const a: readonly string[] = before.match(word) ?? [];
  const b: readonly string[] = after.match(word) ?? [];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const parts: DiffPart[] = [
    part('same', a.slice(0, start)),
    ...diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    part('same', a.slice(a.length - end)),
  ];
  const whole = joined(parts);
  return isScattered(whole, before, after) ? [part('removed', [before]), part('added', [after])] : whole;
}

/** Below this share of common text, two texts are shown as two: single words in common only confuse. */
const leastCommon = 0.3;

function isScattered(parts: readonly DiffPart[], before: string, after: string): boolean {
  if (before === '' || after === '') return false;
  const common = parts.reduce((sum, { kind, text }) => (kind === 'same' ? sum + text.length : sum), 0);
  return common / Math.max(before.length, after.length) < leastCommon && parts.length > 3;
}

function diffMiddle(a: readonly string[], b: readonly string[]): DiffPart[] {
  const edits = a.length + b.length <= wordLimit ? trace(a, b) : undefined;
  if (!edits) return [part('removed', a), part('added', b)];
  const parts: DiffPart[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = edits.length - 1; d >= 0; d--) {
    const reached = edits[d]!;
    const k = x - y;
    const down = d > 0 && (k === -d || (k !== d && at(reached, k - 1) < at(reached, k + 1)));
    const previous = d === 0 ? 0 : down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : at(reached, previous);
    const fromY = d === 0 ? 0 : fromX - previous;
    while (x > fromX && y > fromY && a[x - 1] === b[y - 1]) {
      parts.push({ kind: 'same', text: a[x - 1]! });
      x -= 1;
      y -= 1;
    }
    if (d === 0) break;
    if (down) parts.push({ kind: 'added', text: b[(y -= 1)]! });
    else parts.push({ kind: 'removed', text: a[(x -= 1)]! });
  }
  return parts.reverse();
}

type Reached = ReadonlyMap<number, number>;

/** For each number of edits, how far each diagonal was reached before it; undefined over the limit. */
function trace(a: readonly string[], b: readonly string[]): Reached[] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const history: Reached[] = [];
  for (let d = 0; d <= Math.min(a.length + b.length, editLimit); d++) {
    history.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && at(furthest, k - 1) < at(furthest, k + 1));
      let x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return history;
    }
  }
  return undefined;
}

function at(reached: Reached, diagonal: number): number {
  return reached.get(diagonal) ?? -1;
}

function part(kind: DiffPart['kind'], words: readonly string[]): DiffPart {
  return { kind, text: words.join('') };
}

/** Neighbours of one kind as one part, and no empty ones. */
function joined(parts: readonly DiffPart[]): DiffPart[] {
  const whole: DiffPart[] = [];
  for (const next of parts) {
    const last = whole.at(-1);
    if (next.text === '') continue;
    if (last?.kind === next.kind) whole[whole.length - 1] = { kind: last.kind, text: last.text + next.text };
    else whole.push(next);
  }
  return whole;
}
