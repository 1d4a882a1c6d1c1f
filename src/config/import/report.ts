// What an import tells: every key of the source once, in one of three lists; and the report as lines for people.

import { lineOf, type SourceKey, type Tool } from './source.ts';
import { showValue } from '../words.ts';
import { Expression } from './source.ts';

export interface MappedKey {
  readonly key: SourceKey;
  /** Our field. */
  readonly path: string;
  readonly value: unknown;
}

export interface ChangedKey extends MappedKey {
  readonly why: string;
  readonly important: boolean;
}

export interface LeftKey {
  readonly key: SourceKey;
  /** Why it is left out and what to do. */
  readonly todo: string;
  readonly important: boolean;
  /** No rule knows this key. */
  readonly unknown?: boolean;
}

/** A default of the other tool that is not ours and is therefore written out. */
export interface WrittenDefault {
  readonly path: string;
  readonly value: unknown;
  readonly why: string;
}

export interface ImportReport {
  readonly tool: Tool;
  readonly title: string;
  readonly mapped: readonly MappedKey[];
  readonly changed: readonly ChangedKey[];
  readonly left: readonly LeftKey[];
  readonly defaults: readonly WrittenDefault[];
  readonly remarks: readonly string[];
}

/** The report for a terminal or a Markdown-free document: sections with one line a key. */
export function reportLines(report: ImportReport): string[] {
  const { title, mapped, changed, left, defaults, remarks } = report;
  const important = [...changed, ...left].filter((entry) => entry.important);
  return [
    `From ${title}: ${mapped.length} mapped, ${changed.length} changed, ${left.length} without a counterpart.`,
    ...section(
      'Look at these first',
      important.map((entry) => `${nameOf(entry.key)}: ${'why' in entry ? entry.why : entry.todo}`),
    ),
    ...section('Mapped', aligned(mapped.map(({ key, path }) => [nameOf(key), `→ ${path}`]))),
    ...section(
      'Changed',
      changed.map(({ key, path, value, why }) => `${nameOf(key)} → ${path}: ${shown(value)}. ${why}`),
    ),
    ...section(
      `Defaults of ${title} that are not ours, written out`,
      defaults.map(({ path, value, why }) => `${path}: ${showValue(value)} (${why})`),
    ),
    ...section('Without a counterpart', byTodo(left)),
    ...section('Besides', remarks),
  ];
}

/** Keys with the same advice on one line: a config has twenty for tracking and machines. */
function byTodo(left: readonly LeftKey[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { key, todo } of left) groups.set(todo, [...(groups.get(todo) ?? []), nameOf(key)]);
  return [...groups].map(([todo, names]) => `${names.join(', ')}: ${todo}`);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(48, Math.max(0, ...rows.map(([first]) => first.length)));
  return rows.map(([first, second]) => `${first.padEnd(width)}  ${second}`);
}

function nameOf(key: SourceKey): string {
  return `${key.shown} (line ${lineOf(key)})`;
}

function shown(value: unknown): string {
  return value instanceof Expression ? value.text : showValue(value);
}
