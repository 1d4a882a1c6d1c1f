// A rule that looks at one row at a time, and how it reports.
import type { JsonPath } from '../../data/json/locate.ts';
import type { Change } from '../edits.ts';
import type { RuleInfo } from '../finding.ts';
import type { Part } from '../range.ts';
import type { LintRow, TextLeaf } from '../row.ts';

export interface Report {
  readonly message: string;
  readonly path: JsonPath;
  /** Characters of the text at `path`; all of the value when absent. */
  readonly part?: Part;
  /** The quick fix, made only when somebody will see it. */
  readonly change?: () => Change | undefined;
}

export interface RowRule extends RuleInfo {
  /** At most one report for each place; empty when there is nothing to say. Must be fast: it sees every row. */
  readonly check: (row: LintRow) => readonly Report[];
}

export const nothing: readonly Report[] = [];

/** The first match in each text for which `report` has something to say. `expression` has the flag g. */
export function firstMatches(
  leaves: readonly TextLeaf[],
  expression: RegExp,
  report: (match: RegExpExecArray, leaf: TextLeaf) => Pick<Report, 'message' | 'change'> | undefined,
): readonly Report[] {
  const found: Report[] = [];
  for (const leaf of leaves) {
    expression.lastIndex = 0;
    for (let match = expression.exec(leaf.text); match !== null; match = expression.exec(leaf.text)) {
      const said = report(match, leaf);
      if (said === undefined) continue;
      found.push({ ...said, path: leaf.path, part: partOf(match) });
      break;
    }
  }
  return found;
}

/** Where a match lies in its text. */
export function partOf(match: RegExpExecArray | RegExpMatchArray): Part {
  const start = match.index ?? 0;
  return { start, end: start + match[0].length };
}

/** The fix that replaces all matches of a text. `expression` has the flag g. */
export function replaceAll(
  title: string,
  { path, text }: TextLeaf,
  expression: RegExp,
  by: (match: string) => string,
): Change | undefined {
  expression.lastIndex = 0; // matchAll begins where somebody else stopped
  const edits = [...text.matchAll(expression)].flatMap((match) => {
    const to = by(match[0]);
    return to === match[0] ? [] : [{ replace: path, part: partOf(match), text: to }];
  });
  return edits.length === 0 ? undefined : { title, edits };
}

export function removeRow(): Change {
  return { title: 'Remove the row', removeRow: true };
}
