// The rules about all rows of a file, as findings on lines.
import type { FactColumns } from './facts.ts';
import type { Finding, RuleInfo } from './finding.ts';
import { fileRules, leakedRows, leakRule, type FileReport } from './rules/fileRules.ts';
import { isOn, rowId, severityOf, type LintSettings } from './settings.ts';

/** Findings of the rules that compare rows, in the order of the rules. */
export function* lintFile(facts: FactColumns, settings: LintSettings): Generator<Finding> {
  for (const rule of fileRules) {
    if (!isOn(rule.code, settings)) continue;
    for (const report of rule.check(facts, settings)) yield* toFinding(rule, report, facts, settings);
  }
}

/** Findings in the validation file about rows that stand in the training file too. */
export function* lintLeak(train: FactColumns, validation: FactColumns, settings: LintSettings): Generator<Finding> {
  for (const report of leakedRows(train, validation)) yield* toFinding(leakRule, report, validation, settings);
}

function* toFinding(
  rule: RuleInfo,
  report: FileReport,
  facts: FactColumns,
  settings: LintSettings,
): Generator<Finding> {
  const severity = severityOf(rule.code, settings);
  const { row, related } = report;
  if (severity === 'off' || settings.rows[rowId(facts.hash[row]!)]?.includes(rule.code)) return;
  yield {
    ...{ code: rule.code, severity, message: report.message },
    ...{ line: facts.line[row]!, start: 0, end: facts.width[row]! },
    ...(related === undefined ? {} : { relatedLine: facts.line[related]! }),
    ...(report.removable ? { fix: { title: 'Remove the row', deleteLine: true } as const } : {}),
  };
}
