// The format of a data file by the head of its text, for the wizard's list. The whole file votes when a run is checked.

import { looksLike, type Looks } from '../../data/formats/detect.ts';
import { isObject } from '../../protocol/guards.ts';

/** Rows that are looked at. */
const lookedAt = 20;

/** What most rows of the head look like; `unknown` when it holds no rows. */
export function detectInText(head: string): Looks {
  const votes = new Map<Looks, number>();
  for (const row of rowsOf(head).slice(0, lookedAt)) {
    const looks = looksLike(row, {});
    votes.set(looks, (votes.get(looks) ?? 0) + 1);
  }
  const [winner] = [...votes].toSorted((a, b) => b[1] - a[1]);
  return winner?.[0] ?? 'unknown';
}

/** Objects on lines of their own, or the items of an array that fits into the head. */
function rowsOf(head: string): Record<string, unknown>[] {
  const text = head.replace(/^\uFEFF/, '').trimStart();
  if (text.startsWith('[')) {
    const items = parsed(text);
    return Array.isArray(items) ? items.filter(isObject) : [];
  }
  return text
    .split('\n', lookedAt + 1)
    .map((line) => parsed(line))
    .filter(isObject);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
