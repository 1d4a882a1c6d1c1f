// Rules about pairs of a better and a worse answer.
import { isObject } from '../../data/formats/fields.ts';
import { plainText, type LintRow } from '../row.ts';
import { isRefusal } from './quality.ts';
import { nothing, type Report, type RowRule } from './rule.ts';

type Check = (chosen: unknown, rejected: unknown, row: LintRow) => readonly Report[];

function rule(code: string, severity: RowRule['severity'], title: string, check: Check): RowRule {
  return {
    code,
    group: 'preference',
    severity,
    title,
    check: (row) =>
      row.looks === 'preference'
        ? check(row.value[nameOf(row, 'chosen')], row.value[nameOf(row, 'rejected')], row)
        : nothing,
  };
}

function nameOf(row: LintRow, field: string): string {
  return row.columns[field] ?? field;
}

/** The turns before the last of a list of messages, as one text. */
function promptOf(side: unknown): string | undefined {
  return Array.isArray(side) && side.length > 1 ? JSON.stringify(side.slice(0, -1)) : undefined;
}

/** What the side says at its end. */
function answerOf(side: unknown): string {
  return Array.isArray(side) ? plainText(side.slice(-1)) : plainText(side);
}

function scoreOf(row: LintRow, side: string): number | undefined {
  const names = [`score_${side}`, `${side}_score`, `${side}_rating`, `rating_${side}`];
  return names.map((name) => row.value[name]).find((score) => typeof score === 'number');
}

function missingSide({ value, columns }: LintRow): readonly Report[] {
  const sides = [columns['chosen'] ?? 'chosen', columns['rejected'] ?? 'rejected'];
  const present = sides.filter((name) => value[name] !== undefined && value[name] !== null);
  const empty = present.filter((name) => answerOf(value[name]).trim() === '');
  if (present.length === 0) return nothing;
  const absent = sides.filter((name) => !present.includes(name));
  return [
    ...absent.map((name) => ({ message: `The pair has no "${name}" side. Add it or leave the row out.`, path: [] })),
    ...empty.map((name) => ({
      message: `The side "${name}" is empty. Fill it in or leave the row out.`,
      path: [name],
    })),
  ];
}

export const preferenceRules: readonly RowRule[] = [
  {
    code: 'preference/missing-side',
    group: 'preference',
    severity: 'error',
    title: 'A pair with only one side',
    check: missingSide,
  },
  rule('preference/equal-sides', 'error', 'Chosen and rejected are the same', (chosen, rejected, row) => {
    const answer = answerOf(chosen).trim();
    if (answer === '' || answer !== answerOf(rejected).trim()) return nothing;
    const message = 'Chosen and rejected say the same, so there is nothing to prefer. Leave the row out.';
    return [{ message, path: [nameOf(row, 'rejected')] }];
  }),
  rule(
    'preference/different-prompts',
    'error',
    'Chosen and rejected answer different prompts',
    (chosen, rejected, row) => {
      const [one, other] = [promptOf(chosen), promptOf(rejected)];
      if (one === undefined || other === undefined || one === other) return nothing;
      const message =
        'The turns before the last differ between chosen and rejected; a pair must answer the same prompt.';
      return [{ message, path: [nameOf(row, 'rejected')] }];
    },
  ),
  rule('preference/likely-swapped', 'warning', 'Chosen and rejected may be swapped', (chosen, rejected, row) => {
    const [good, bad] = [scoreOf(row, 'chosen'), scoreOf(row, 'rejected')];
    const path = [nameOf(row, 'chosen')];
    if (good !== undefined && bad !== undefined && good < bad)
      return [{ message: `Chosen is scored ${good} and rejected ${bad}: the sides seem to be swapped.`, path }];
    const refused = isRefusal(answerOf(chosen)) && !isRefusal(answerOf(rejected)) && !isObject(rejected);
    if (!refused || answerOf(rejected).trim() === '') return nothing;
    return [{ message: 'Chosen refuses to answer and rejected answers: the sides may be swapped.', path }];
  }),
];
