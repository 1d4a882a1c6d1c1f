// The roles that the turns of a file are written with, for whoever wants to rename them.
import { roleOf } from '../../data/formats/chatMessages.ts';
import { speakerOf } from '../../data/formats/chatFormats.ts';
import { isObject } from '../../data/formats/fields.ts';
import type { WrittenRole } from '../../protocol/previewViews.ts';
import { readValue, type Reading } from '../readRow.ts';
import type { RowBytes } from '../rowFile.ts';

/** Adds the roles of one row to those that were seen before. */
export function addRoles(row: RowBytes, reading: Reading, seen: Map<string, WrittenRole>): void {
  const read = readValue(row, reading);
  if ('problem' in read) return;
  for (const field of ['messages', 'prompt', 'completion', 'conversations'] as const) {
    const list: unknown = read.value[reading.columns[field] ?? field];
    const key = field === 'conversations' ? 'from' : 'role';
    for (const turn of Array.isArray(list) ? list.filter(isObject) : []) {
      const name = turn[key];
      if (typeof name !== 'string') continue;
      const isKnown = (key === 'from' ? speakerOf(name) : roleOf(name)) !== undefined;
      const before = seen.get(`${key} ${name}`);
      seen.set(`${key} ${name}`, { name, field: key, isKnown, turns: (before?.turns ?? 0) + 1 });
    }
  }
}
