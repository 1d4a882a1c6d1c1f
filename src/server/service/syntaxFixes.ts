// Quick fixes of text that is no YAML, or means nothing: tabs, colons, brackets and quotes, fields written twice, variables.
import { isNode, visit, type Pair, type YAMLMap } from 'yaml';
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

/** Takes out the field that is written the second time: between braces with its comma, else with the lines indented below it. */
export function duplicateFixes({ text, problem }: Broken): Wanted[] {
  const inBraces = pairInBraces(text, problem);
  if (inBraces) return [{ title: 'Remove this one', changes: inBraces, isPreferred: false }];
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

/** The characters of a pair that stands between braces behind another, and of the comma before it. */
function pairInBraces(text: ConfigText, { place }: Broken['problem']): Change[] | undefined {
  const written = text.text;
  const mark = written.startsWith('\uFEFF') ? 1 : 0;
  const start = startOf(text, (place?.line ?? 1) - 1) + (place?.column ?? 1) - 1;
  let found: Change[] | undefined;
  const look = (_: unknown, { flow, items }: YAMLMap): void => {
    const at = items.findIndex(({ key }) => isNode(key) && mark + (key.range?.[0] ?? -1) === start);
    const before = items[at - 1];
    const end = flow === true ? endOf(items[at]) : undefined;
    const endBefore = endOf(before);
    if (end === undefined || endBefore === undefined) return;
    const comma = written.indexOf(',', mark + endBefore);
    const gap = written.slice(comma + 1, start);
    const isNear = gap.trim() === '';
    const removed = (from: number, until: number): Change => ({ kind: 'text', start: from, end: until, newText: '' });
    found = isNear ? [removed(comma, mark + end)] : [removed(comma, comma + 1), removed(start, mark + end)];
  };
  if (text.root) visit(text.root, { Map: look });
  return found;
}

/** The offset behind a pair, without white space and comments. */
function endOf(pair: Pair | undefined): number | undefined {
  const last = isNode(pair?.value) && pair.value.range ? pair.value : pair?.key;
  return isNode(last) ? last.range?.[1] : undefined;
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
