// Exact match: the share of held-out rows that a model answers, greedily, with exactly the text that was wanted.
import { openForAnswers } from '../generation/answer.ts';
import type { GenerationSource } from '../generation/source.ts';
import type { HeldOutRow } from './example.ts';

export interface Measured {
  /** In [0, 1]. */
  readonly exactMatch: number;
  /** In the order of the rows. */
  readonly answers: readonly string[];
}

/** The longest record has about 50 tokens; who says more than this is wrong anyway. */
const maxNewTokens = 64;

const greedy = { maxNewTokens, temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

/** Opens the model, asks it every row and closes it. */
export async function measureExactMatch(
  source: GenerationSource,
  rows: readonly HeldOutRow[],
  onAnswer: (done: number) => void,
): Promise<Measured> {
  const model = await openForAnswers(source, { device: 'cpu' });
  try {
    const prompts = rows.map((row) => row.instruction);
    const answers = (await model.answerAll(prompts, greedy, onAnswer)).map((answer) => answer.trim());
    return { exactMatch: exactMatch(answers, rows), answers };
  } finally {
    await model.close();
  }
}

/** Share of answers that are the wanted ones, in [0, 1]; 0 where there are no rows. */
export function exactMatch(answers: readonly string[], rows: readonly HeldOutRow[]): number {
  const right = rows.filter((row, i) => answers[i] === row.output).length;
  return rows.length === 0 ? 0 : right / rows.length;
}

/** Indexes of up to `count` rows that show the change best: wrong before, right after, and each unlike the others. */
export function tellingRows(
  rows: readonly HeldOutRow[],
  before: readonly string[],
  after: readonly string[],
  count: number,
): number[] {
  const learned = (i: number): boolean => before[i] !== rows[i]!.output && after[i] === rows[i]!.output;
  const order = rows.map((_, i) => i).sort((a, b) => Number(learned(b)) - Number(learned(a)) || a - b);
  const shown: number[] = [];
  const beginnings = new Set<string>();
  for (const i of order) {
    const beginning = rows[i]!.instruction.split(' ')[0]!;
    if (shown.length === count) break;
    if (!beginnings.has(beginning)) shown.push(i);
    beginnings.add(beginning);
  }
  return shown;
}
