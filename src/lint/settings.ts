// Which rules speak, and how loudly: from the config's severities and the sidecar file beside the data.
import type { Severity } from '../protocol/problem.ts';
import type { Columns, Format } from '../data/formats/format.ts';
import { ruleByCode, type rowRules } from './rules/table.ts';

export type LintSeverity = Severity | 'off';

export interface LintSettings {
  readonly columns: Columns;
  /** `auto`: what most of the first rows look like. */
  readonly format: Format | 'preference' | 'auto';
  /** code → severity; codes that are absent keep their own. */
  readonly severities: Readonly<Partial<Record<string, LintSeverity>>>;
  /** Codes that are off for single rows, by the row's id (`rowId`). */
  readonly rows: Readonly<Partial<Record<string, readonly string[]>>>;
  /** Compare rows for likeness; costs 128 bytes a row. */
  readonly nearDuplicates: boolean;
}

export const defaultSettings: LintSettings = {
  columns: {},
  format: 'auto',
  severities: {},
  rows: {},
  nearDuplicates: true,
};

/** The severity of a code under these settings; `own` is what the check itself says, for codes of the data room. */
export function severityOf(code: string, settings: LintSettings, own?: Severity): LintSeverity {
  return settings.severities[code] ?? own ?? ruleByCode.get(code)?.severity ?? 'warning';
}

/** Rules that are not off. */
export function activeRules(rules: typeof rowRules, settings: LintSettings): typeof rowRules {
  return rules.filter(({ code }) => settings.severities[code] !== 'off');
}

/** How a sidecar file names a row: by what it says, so that the name survives when lines move. */
export function rowId(hash: number): string {
  return hash.toString(16).padStart(13, '0');
}
