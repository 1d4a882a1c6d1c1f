// Measures the lint rules on labelled rows: what is found of seeded defects, what is reported of clean rows.
import { lintText } from '../../src/lint/document.ts';
import { defaultSettings } from '../../src/lint/settings.ts';
import { seededFile, seedFormats } from './lintSeeds.ts';
import { trickyRows } from './lintSample.ts';

export interface RuleMeasure {
  seeded: number;
  found: number;
  /** Findings of the rule on its own seeded rows, and on clean rows. */
  right: number;
  wrong: number;
}

export interface LintMeasure {
  readonly rules: ReadonlyMap<string, RuleMeasure>;
  readonly cleanRows: number;
  readonly cleanRowsReported: number;
  /** Clean rows with their findings, for whoever mends rules. */
  readonly falseFindings: readonly string[];
  /** Seeded rows whose defect was not found. */
  readonly missed: readonly string[];
}

/** `clean`: clean rows of each format; `each`: rows of every kind of defect. The tricky rows come on top. */
export function measureLint(clean: number, each: number, random: () => number): LintMeasure {
  const rules = new Map<string, RuleMeasure>();
  const of = (code: string): RuleMeasure => {
    const known = rules.get(code) ?? { seeded: 0, found: 0, right: 0, wrong: 0 };
    rules.set(code, known);
    return known;
  };
  let [cleanRows, cleanRowsReported] = [0, 0];
  const falseFindings: string[] = [];
  const missed: string[] = [];
  for (const format of seedFormats) {
    const file = seededFile(format, clean, each, random);
    const extra = trickyRows.filter((row) => row.format === format).map(({ row }) => row);
    const lines = [...file.text.split('\n'), ...extra];
    const findings = lintText(lines.join('\n'), defaultSettings);
    const byLine = new Map<number, Set<string>>();
    const related = new Set(findings.map(({ relatedLine }) => relatedLine));
    for (const { line, code } of findings) byLine.set(line, (byLine.get(line) ?? new Set()).add(code));
    for (const [line, code] of file.expected) {
      const isFound = byLine.get(line)?.has(code) === true;
      of(code).seeded += 1;
      of(code).found += isFound ? 1 : 0;
      of(code).right += isFound ? 1 : 0;
      if (!isFound) missed.push(`${code}: ${lines[line - 1]}`);
    }
    cleanRows += file.cleanRows + extra.length;
    for (const [line, codes] of byLine) {
      // The first of two alike rows belongs to the seed.
      if (file.expected.has(line) || related.has(line)) continue;
      cleanRowsReported += 1;
      for (const code of codes) {
        of(code).wrong += 1;
        falseFindings.push(`${code}: ${lines[line - 1]}`);
      }
    }
  }
  return { rules, cleanRows, cleanRowsReported, falseFindings, missed };
}
