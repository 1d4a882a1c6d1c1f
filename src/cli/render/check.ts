// The report of `finetune check` as lines: problems first, then what the data is like and what a run would do.
import type { CheckReport } from '../check/checkRun.ts';
import type { DatasetReport, PartReport } from '../../data/prepare/report.ts';
import { formatCount, formatEpochs } from './numbers.ts';
import { countProblems, problemLines } from './problems.ts';
import type { Style } from './style.ts';

/** `directory`: the current one, to shorten paths. */
export function checkLines(report: CheckReport, style: Style, directory: string): string[] {
  const { problems, data, plan } = report;
  const failed = problems.some(({ severity }) => severity === 'error');
  const paint = failed ? style.red : problems.length > 0 ? style.yellow : style.green;
  return [
    ...problems.flatMap((problem) => problemLines(problem, style, directory)),
    ...hiddenFindings(data),
    ...(data ? [...(problems.length > 0 ? [''] : []), ...dataLines(data, style)] : []),
    ...(plan
      ? [
          `${style.bold('Plan')}     ${formatCount(plan.totalSteps)} steps of ${plan.rowsPerStep} rows, ${formatEpochs(plan.epochs)}`,
        ]
      : []),
    // The data room's own summary has counted the rows that are not listed, too.
    ...(problems.some(({ code }) => code === 'data/bad-rows') ? [] : [paint(countProblems(problems))]),
  ];
}

/** The report keeps the first findings of each kind and counts the rest. */
function hiddenFindings(data: DatasetReport | undefined): string[] {
  if (!data) return [];
  const parts = [data.train, ...(data.validation ? [data.validation] : [])];
  const found = parts.flatMap((part) => Object.values(part.findingCounts)).reduce((sum, count) => sum + count, 0);
  const shown = parts.reduce((sum, part) => sum + part.findings.length, 0);
  return found > shown ? [`and ${formatCount(found - shown)} more like these`] : [];
}

function dataLines(data: DatasetReport, style: Style): string[] {
  const { trainTotals, validationTotals } = data;
  const share = trainTotals.tokens === 0 ? 0 : (100 * trainTotals.trainedTokens) / trainTotals.tokens;
  return [
    `${style.bold('Train')}    ${formatCount(trainTotals.rows)} rows, ${formatCount(trainTotals.tokens)} tokens, ${share.toFixed(0)} % of them trained`,
    ...(validationTotals
      ? [
          `${style.bold('Validate')} ${formatCount(validationTotals.rows)} rows, ${formatCount(validationTotals.tokens)} tokens`,
        ]
      : []),
    ...partLines(data.train, style),
    ...(data.validation ? partLines(data.validation, style) : []),
  ];
}

function partLines({ files, lengths, ...part }: PartReport, style: Style): string[] {
  const notes = [
    count(part.truncatedRows, 'cut at data.max_length'),
    count(part.droppedRows, 'dropped as too long'),
    count(part.untrainedRows, 'left out, since nothing in them is trained'),
    count(part.duplicateRows, 'stand there twice'),
  ].flat();
  return [
    `${style.bold('Tokens')}   a row has ${formatCount(lengths.p50)} (median), ${formatCount(lengths.p95)} (95 %), ${formatCount(lengths.max)} (longest)`,
    ...files.map(({ path, formatSummary }) => `${style.bold('File')}     ${path}: ${formatSummary}`),
    ...(notes.length === 0 ? [] : [`${style.bold('Rows')}     ${notes.join(', ')}`]),
  ];
}

function count(rows: number, what: string): string[] {
  return rows === 0 ? [] : [`${formatCount(rows)} ${what}`];
}
