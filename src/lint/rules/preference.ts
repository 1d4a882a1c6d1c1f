// Rules about pairs of a better and a worse answer.
import { jsonAt } from '../edits.ts';
import { nameOf, plainText, type LintRow } from '../row.ts';
import { isRefusal } from './refusal.ts';
import { nothing, removeRow, type Report, type RowRule } from './rule.ts';

/** The turns before the last of a list of messages, as one text. */
function promptOf(side: unknown): string | undefined {
  return Array.isArray(side) && side.length > 1 ? JSON.stringify(side.slice(0, -1)) : undefined;
}

/** What the side says at its end. */
function answerOf(side: unknown): string {
  return Array.isArray(side) ? plainText(side.slice(-1)) : plainText(side);
}

/** Fields in which datasets keep the scores of both sides. */
const scoreFields = ['score_#', '#_score', 'rating_#', '#_rating'].map((name) =>
  ['chosen', 'rejected'].map((side) => name.replace('#', side)),
);

function missingSide(row: LintRow): readonly Report[] {
  if (row.looks !== 'preference' && row.looks !== 'unknown') return nothing;
  const sides = [nameOf(row, 'chosen'), nameOf(row, 'rejected')];
  const present = sides.filter((name) => row.value[name] !== undefined && row.value[name] !== null);
  if (present.length === 0) return nothing;
  const empty = present.filter((name) => answerOf(row.value[name]).trim() === '');
  const absent = sides.filter((name) => !present.includes(name));
  return [
    ...absent.map((name) => ({
      message: `The pair has no "${name}" side. Add it or leave the row out.`,
      path: [],
      change: removeRow,
    })),
    ...empty.map((name) => ({
      message: `The side "${name}" is empty. Fill it in or leave the row out.`,
      path: [name],
      change: removeRow,
    })),
  ];
}

function equalSides(chosen: unknown, rejected: unknown, row: LintRow): readonly Report[] {
  const answer = answerOf(chosen).trim();
  if (answer === '' || answer !== answerOf(rejected).trim()) return nothing;
  const message = 'Chosen and rejected say the same, so there is nothing to prefer. Leave the row out.';
  return [{ message, path: [nameOf(row, 'rejected')], change: removeRow }];
}

function differentPrompts(chosen: unknown, rejected: unknown, row: LintRow): readonly Report[] {
  const [one, other] = [promptOf(chosen), promptOf(rejected)];
  if (one === undefined || other === undefined || one === other) return nothing;
  const message = 'The turns before the last differ between chosen and rejected; a pair must answer the same prompt.';
  return [{ message, path: [nameOf(row, 'rejected')] }];
}

function likelySwapped(chosen: unknown, rejected: unknown, row: LintRow): readonly Report[] {
  const sides = [nameOf(row, 'chosen'), nameOf(row, 'rejected')];
  const scores = scoreFields.find((names) => names.every((name) => typeof row.value[name] === 'number'));
  const change = () => ({
    title: 'Swap chosen and rejected',
    edits: [sides, ...(scores ? [scores] : [])].flatMap(([one = '', other = '']) => [
      { set: [one], json: jsonAt(row.text, [other]) },
      { set: [other], json: jsonAt(row.text, [one]) },
    ]),
  });
  const path = sides.slice(0, 1);
  const [good, bad] = (scores ?? []).map((name) => Number(row.value[name]));
  if (good !== undefined && bad !== undefined && good < bad)
    return [{ message: `Chosen is scored ${good} and rejected ${bad}: the sides seem to be swapped.`, path, change }];
  const answer = answerOf(rejected);
  if (answer.trim() === '' || isRefusal(answer) || !isRefusal(answerOf(chosen))) return nothing;
  return [{ message: 'Chosen refuses to answer and rejected answers: the sides may be swapped.', path, change }];
}

type Check = (chosen: unknown, rejected: unknown, row: LintRow) => readonly Report[];

/** A rule about rows that have both sides. */
function rule(
  code: string,
  text: Pick<RowRule, 'severity' | 'title'> & { readonly fix?: string },
  check: Check,
): RowRule {
  const ofRow: RowRule['check'] = (row) =>
    row.looks === 'preference'
      ? check(row.value[nameOf(row, 'chosen')], row.value[nameOf(row, 'rejected')], row)
      : nothing;
  return { code, group: 'preference', ...text, check: ofRow };
}

export const preferenceRules: readonly RowRule[] = [
  {
    code: 'preference/missing-side',
    group: 'preference',
    severity: 'error',
    title: 'A pair with only one side',
    fix: 'removes the row',
    check: missingSide,
  },
  rule(
    'preference/equal-sides',
    { severity: 'error', title: 'Chosen and rejected are the same', fix: 'removes the row' },
    equalSides,
  ),
  rule(
    'preference/different-prompts',
    { severity: 'error', title: 'Chosen and rejected answer different prompts' },
    differentPrompts,
  ),
  rule(
    'preference/likely-swapped',
    {
      severity: 'warning',
      title: 'Chosen and rejected may be swapped',
      fix: 'swaps the sides, and their scores',
    },
    likelySwapped,
  ),
];
