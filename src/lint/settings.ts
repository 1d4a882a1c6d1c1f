// Which rules speak, and how loudly: from the config's severities and the sidecar file beside the data.
import { nearestName } from '../data/nearestName.ts';
import { problem, type Severity } from '../protocol/problem.ts';
import type { Columns, Format } from '../data/formats/format.ts';
import { groups } from './finding.ts';
import { lintRules, ruleByCode, type rowRules } from './rules/table.ts';

export type LintSeverity = Severity | 'off';

export const severityLevels: readonly LintSeverity[] = ['error', 'warning', 'information', 'hint', 'off'];

export interface LintSettings {
  readonly columns: Columns;
  /** `auto`: what most of the first rows look like. */
  readonly format: Format | 'auto';
  /** code → severity; codes that are absent keep their own. */
  readonly severities: Readonly<Partial<Record<string, LintSeverity>>>;
  /** Codes that are off for single rows, by the row's id (`rowId`). */
  readonly rows: Readonly<Partial<Record<string, readonly string[]>>>;
}

export const defaultSettings: LintSettings = {
  columns: {},
  format: 'auto',
  severities: {},
  rows: {},
};

/** The severity of a code under these settings; `own` is what the check itself says, for codes of the data room. */
export function severityOf(code: string, settings: LintSettings, own?: Severity): LintSeverity {
  return settings.severities[code] ?? own ?? ruleByCode.get(code)?.severity ?? 'warning';
}

/** Whether a rule of the table is asked for; those about all rows keep facts of each row only then. */
export function isOn(code: string, settings: LintSettings): boolean {
  return settings.severities[code] !== 'off';
}

/** Rules that are not off. */
export function activeRules(rules: typeof rowRules, settings: LintSettings): typeof rowRules {
  return rules.filter(({ code }) => isOn(code, settings));
}

/**
 * Severities under which only some rules speak: all that are not named, by code or group, are off. Throws
 * `lint/unknown-rule` with the nearest name.
 */
export function onlyRules(names: readonly string[]): LintSettings['severities'] {
  const known = [...new Set(lintRules.flatMap(({ code, group }) => [code, group]))];
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    const hint = near === undefined ? `Groups are ${groups.join(', ')}.` : `Did you mean "${near}"?`;
    throw problem('lint/unknown-rule', `There is no lint rule or group "${name}". ${hint}`);
  }
  const off = lintRules.filter(({ code, group }) => !names.includes(code) && !names.includes(group));
  return Object.fromEntries(off.map(({ code }) => [code, 'off'] as const));
}

/** How a sidecar file names a row: by what it says, so that the name survives when lines move. */
export function rowId(hash: number): string {
  return hash.toString(16).padStart(13, '0');
}
