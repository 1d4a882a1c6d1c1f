// Quick fixes of text that is no YAML, or means nothing: tabs, colons, brackets and quotes, fields written twice, variables.
import { valueAt } from '../../config/path.ts';
import { readConfigText, type ConfigText } from './configText.ts';
import { set, type Broken, type Wanted } from './fixParts.ts';
import { applyEdits, type Change } from './textChanges.ts';

/** Lines above a place at which a bracket or quote that is missing is tried. */
const linesTried = 30;

/** A tab becomes two spaces; a name gets its colon; a bracket or quote that was opened is closed. */
export function syntaxFixes({ text, problem }: Broken): Wanted[] {
  const line = (problem.place?.line ?? 1) - 1;
  const written = text.text.split('\n')[line] ?? '';
  const start = startOf(text, line);
  const indent = /^[ \t]*/.exec(written)?.[0] ?? '';
  if (indent.includes('\t')) {
    const newText = indent.replaceAll('\t', '  ');
    const changes: Change[] = [{ kind: 'text', start, end: start + indent.length, newText }];
    return [{ title: 'Replace tabs by spaces', changes, isPreferred: true }];
  }
  const closing = /\b(?:Put|Close it with) (["'}\]])/.exec(problem.message)?.[1];
  if (closing !== undefined) return closed(text, line, closing);
  const [, name = '', colon = '', rest = ''] = /^(\s*(?:- +)?[A-Za-z_]\w*)(:?)(.*)$/.exec(written) ?? [];
  if (name === '' || (colon !== '' && /^\s|^$/.test(rest))) return [];
  const at = start + name.length + colon.length;
  const newText = colon !== '' || /^\s/.test(rest) ? (colon === '' ? ':' : ' ') : ': ';
  const title = colon === '' ? 'Add a colon' : 'Add a space after the colon';
  return [{ title, changes: [{ kind: 'text', start: at, end: at, newText }] }];
}

/** At the end of the nearest line above after which the whole text can be read. */
function closed(text: ConfigText, from: number, closing: string): Wanted[] {
  const lines = text.text.split('\n');
  for (let line = Math.min(from, lines.length - 1); line >= Math.max(0, from - linesTried); line -= 1) {
    const content = (lines[line] ?? '').replace(/\s+#.*$/, '').trimEnd();
    if (content === '') continue;
    const at = startOf(text, line) + content.length;
    const edit = { start: at, end: at, newText: closing };
    const { document } = readConfigText(applyEdits(text.text, [edit]), text.file);
    if (document.value !== undefined)
      return [{ title: `Put ${closing} at the end of line ${line + 1}`, changes: [{ kind: 'text', ...edit }] }];
  }
  return [];
}

/** Takes out the field that is written the second time, with the lines indented below it. */
export function duplicateFixes({ text, problem }: Broken): Wanted[] {
  const lines = text.text.split('\n');
  const first = (problem.place?.line ?? 1) - 1;
  const written = lines[first] ?? '';
  const indent = written.length - written.trimStart().length;
  if ((problem.place?.column ?? 1) - 1 !== indent) return [];
  let after = first + 1;
  while (after < lines.length && /^\s*\S/.test(lines[after] ?? '') && (lines[after] ?? '').search(/\S/) > indent)
    after += 1;
  const [start, end] = [startOf(text, first), Math.min(text.text.length, startOf(text, after))];
  return [{ title: 'Remove this one', changes: [{ kind: 'text', start, end, newText: '' }] }];
}

/** A variable's name as environments can have it: letters, digits and `_`. */
export function environmentFixes({ path, text }: Broken): Wanted[] {
  const value = valueAt(text.document.value, path);
  if (typeof value !== 'string') return [];
  const named = value.replaceAll(/\$\{env:([^}]*)\}/g, (whole, name: string) => {
    const plain = name.trim().replaceAll(/\W/g, '_');
    return /^[A-Za-z_]\w*$/.test(plain) ? `\${env:${plain}}` : whole;
  });
  return named === value ? [] : [set(path, named, false)];
}

function startOf({ text }: ConfigText, line: number): number {
  return text
    .split('\n')
    .slice(0, line)
    .reduce((sum, { length }) => sum + length + 1, 0);
}
