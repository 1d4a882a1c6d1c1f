// Where in the file (or in which --set) each part of a config was written.

import type { Place } from '../protocol/problem.ts';
import { parentPath } from './path.ts';

/** Where one field was written. A list item has no key. */
export interface Position {
  readonly key?: Place;
  readonly value: Place;
  readonly source: 'file' | 'override';
}

/** Places by path (`data.train[0].path`). */
export interface Positions {
  readonly file: string;
  readonly entries: ReadonlyMap<string, Position>;
}

/** Place of a field's value, or of its name; for a field that is not there, of the block around it. */
export function placeOf(positions: Positions, path: string, part: 'key' | 'value' = 'value'): Place {
  for (let at = path; at !== ''; at = parentPath(at)) {
    const entry = positions.entries.get(at);
    if (!entry) continue;
    // Of a block around, the name is meant: its value may be a hundred lines long.
    return part === 'key' || at !== path ? (entry.key ?? entry.value) : entry.value;
  }
  return { file: positions.file, line: 1, column: 1 };
}

/** Who set a field: the file, a --set, or nobody (undefined). */
export function sourceOf(positions: Positions, path: string): 'file' | 'override' | undefined {
  return positions.entries.get(path)?.source;
}
