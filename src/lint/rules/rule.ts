// A rule that looks at one row at a time, and how it reports.
import type { JsonPath } from '../../data/json/locate.ts';
import type { RuleInfo } from '../finding.ts';
import type { Part } from '../range.ts';
import type { LintRow, TextLeaf } from '../row.ts';

export interface Report {
  readonly message: string;
  readonly path: JsonPath;
  /** Characters of the text at `path`; all of the value when absent. */
  readonly part?: Part;
  /** What the text of the range becomes, as decoded text. */
  readonly replacement?: { readonly title: string; readonly text: string };
}

export interface RowRule extends RuleInfo {
  /** At most one report for each place; empty when there is nothing to say. Must be fast: it sees every row. */
  readonly check: (row: LintRow) => readonly Report[];
}

export const nothing: readonly Report[] = [];

/** The first match in each text of the row, for rules that are one expression. `expression` has the flag g. */
export function firstMatches(
  leaves: readonly TextLeaf[],
  expression: RegExp,
  report: (match: RegExpExecArray) => Pick<Report, 'message' | 'replacement'> | undefined,
): readonly Report[] {
  const found: Report[] = [];
  for (const { path, text } of leaves) {
    expression.lastIndex = 0;
    for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
      const said = report(match);
      if (said === undefined) continue;
      found.push({ ...said, path, part: { start: match.index, end: match.index + match[0].length } });
      break;
    }
  }
  return found;
}
