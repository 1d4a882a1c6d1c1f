// Quick fixes for what the data room finds, where one change certainly mends it.
import type { FieldIssue } from '../../data/formats/format.ts';
import type { RowFault } from '../../data/read/parseRow.ts';
import type { Change, TextEdit } from '../edits.ts';
import { removeRow } from './rule.ts';

/** For a row that cannot be read: edits of its text, or its removal. */
export function fixOfFault(
  { code, repair }: RowFault,
  text: string,
): { title: string; edits: readonly TextEdit[] } | { title: string; removeRow: true } | undefined {
  if (code === 'data/truncated-row') return { title: 'Remove the row', removeRow: true };
  if (code === 'data/nul-byte') {
    const edits = [...text.matchAll(/\0+/g)].map(({ index, 0: run }) => ({
      start: index,
      end: index + run.length,
      newText: '',
    }));
    return { title: 'Remove the NUL bytes', edits };
  }
  if (repair === undefined) return undefined;
  const title = repair.newText === '' ? `Remove “${text.slice(repair.start, repair.end)}”` : `Write ${repair.newText}`;
  return { title, edits: [repair] };
}

/** For a field that is not as its format needs it. */
export function fixOfIssue({ code, path, meant }: FieldIssue): Change | undefined {
  if (code === 'data/empty-output' || code === 'data/empty-list') return removeRow();
  if (meant === undefined) return undefined;
  const json = JSON.stringify(meant);
  if (code === 'data/missing-field')
    return {
      title: `Rename "${meant}" to "${String(path.at(-1))}"`,
      edits: [{ rename: [meant], to: String(path.at(-1)) }],
    };
  return { title: `Write ${json}`, edits: [{ set: path, json }] };
}
