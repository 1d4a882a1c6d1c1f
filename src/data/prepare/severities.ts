// How loud the findings in rows are when a config says so: `data.lint`.
import { ProblemError, type Problem, type Severity } from '../../protocol/problem.ts';
import type { PartReport } from './report.ts';

/** Code → severity, for those that are not to have their own. */
export type Severities = Readonly<Partial<Record<string, Severity | 'off'>>>;

/**
 * The report with findings as loud as they are wanted; those that are off are not even counted. The rows themselves and
 * the cache do not depend on it. Throws a ProblemError when a finding is wanted to be an error.
 */
export function withSeverities(report: PartReport, severities: Severities, limit: number): PartReport {
  const kept: Problem[] = [];
  for (const found of report.findings) {
    const severity = severities[found.code] ?? found.severity;
    if (severity !== 'off') kept.push({ ...found, severity });
  }
  const counts = Object.entries(report.findingCounts).filter(([code]) => severities[code] !== 'off');
  const errors = counts.filter(([code]) => severities[code] === 'error');
  if (errors.length > 0) {
    const named = errors.map(([code, count]) => `${code} in ${count} ${count === 1 ? 'row' : 'rows'}`).join(', ');
    const message = `The data has findings that data.lint makes errors: ${named}. Mend the rows, or change data.lint.`;
    const rows = kept.filter(({ severity }) => severity === 'error').slice(0, limit);
    throw new ProblemError([{ code: 'data/bad-rows', severity: 'error', message }, ...rows]);
  }
  return { ...report, findings: kept, findingCounts: Object.fromEntries(counts) };
}
