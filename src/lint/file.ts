// The rules about all rows of a file, as findings on lines.
import { setImmediate } from 'node:timers/promises';
import type { FactColumns } from './facts.ts';
import type { Finding, RuleInfo } from './finding.ts';
import { fileRules, leakedRows, leakRule, type FileReport } from './rules/fileRules.ts';
import { isOn, rowId, severityOf, type LintSettings } from './settings.ts';

/** Undefined where the rules are still at work, so that whoever asks may look after something else. */
export type FileFindings = Generator<Finding | undefined, void>;

/** Findings of the rules that compare rows, in the order of the rules. */
export function* lintFile(facts: FactColumns, settings: LintSettings): FileFindings {
  for (const rule of fileRules) {
    if (!isOn(rule.code, settings)) continue;
    yield undefined;
    for (const report of rule.check(facts, settings)) yield report && toFinding(rule, report, facts, settings);
  }
}

/** Findings in the validation file about rows that stand in the training file too. */
export function* lintLeak(train: FactColumns, validation: FactColumns, settings: LintSettings): FileFindings {
  if (!isOn(leakRule.code, settings)) return;
  for (const report of leakedRows(train, validation)) yield report && toFinding(leakRule, report, validation, settings);
}

/** Undefined for what the settings pass over. */
function toFinding(
  rule: RuleInfo,
  report: FileReport,
  facts: FactColumns,
  settings: LintSettings,
): Finding | undefined {
  const severity = severityOf(rule.code, settings);
  const { row, related } = report;
  if (severity === 'off' || settings.rows[rowId(facts.hash[row]!)]?.includes(rule.code)) return undefined;
  return {
    ...{ code: rule.code, severity, message: report.message },
    ...{ line: facts.line[row]!, start: 0, end: facts.width[row]! },
    ...(related === undefined ? {} : { relatedLine: facts.line[related]! }),
    ...(report.removable ? { fix: { title: 'Remove the row', deleteLine: true } as const } : {}),
  };
}

export interface CollectOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called before each turn of work. */
  readonly onTurn?: () => void;
}

/** Takes all findings, and lets everything else have its turn while the rules are at work. Throws the signal's reason. */
export async function collectFindings(
  findings: FileFindings,
  add: (finding: Finding) => void,
  { signal, onTurn }: CollectOptions = {},
): Promise<void> {
  let paused = 0;
  for (const finding of findings) {
    if (finding !== undefined) add(finding);
    if (performance.now() - paused < longestTurn) continue;
    onTurn?.();
    await setImmediate();
    signal?.throwIfAborted();
    paused = performance.now();
  }
}

/** Milliseconds. */
const longestTurn = 50;
