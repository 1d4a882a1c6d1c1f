// What an objective that learns from rewards does before a step: draws answers to its prompts, scores and compares them.

import type { TokenisedDataset, TokenisedRow } from '../data/dataset.ts';
import type { AnswerToScore, AnswerTools, DrawnAnswer, DrawSettings, Observed } from '../engine/session.ts';
import type { Control } from './control.ts';
import { joined } from './observed.ts';
import type { Evaluation } from './evaluate.ts';

/** Rows that a step learns from, and what was observed while they were made. */
export interface Gathered {
  readonly rows: readonly TokenisedRow[];
  readonly observed: Observed;
}

export interface DrawnAnswersPlan {
  readonly answers: AnswerTools;
  /** Answers to each prompt of a step. */
  readonly group: number;
  readonly settings: Omit<DrawSettings, 'group' | 'seed'>;
  readonly seed: number;
  /** What each answer counts for in a step, from its reward. */
  readonly worthOf: (rewards: readonly number[], drawn: readonly DrawnAnswer[]) => number[];
  /** Text of an answer's tokens. */
  readonly decode: (tokens: readonly number[]) => string;
  /** What rows have behind the token that ends an answer: a reward model was trained to judge at their very end. */
  readonly closing: readonly number[];
}

/** Keeps a group of equal rewards from being divided by zero, as TRL does. */
const spreadFloor = 1e-4;

/** Draws a group of answers to each prompt; depends on nothing but the weights, the seed and the step. Throws StopNow. */
export async function drawStep(
  plan: DrawnAnswersPlan,
  prompts: readonly TokenisedRow[],
  step: number,
  control: Control,
): Promise<Gathered> {
  const { group, settings } = plan;
  const seed = (Math.imul(plan.seed, 0x9e3779b1) ^ step) >>> 0;
  const found = await drawAndScore(plan, prompts, { ...settings, group, seed }, control);
  const worth = plan.worthOf(found.rewards, found.drawn);
  const rows = found.rows.map((row, i) => ({ ...row, worth: worth[i]! }));
  return { rows, observed: found.observed };
}

/** The first choice of the model for every prompt: its loss is what it misses, the mean reward with the sign changed. */
export async function evaluateAnswers(
  plan: DrawnAnswersPlan,
  dataset: TokenisedDataset,
  control: Control,
): Promise<Evaluation> {
  const parts: Observed[] = [];
  const worst: Evaluation['worstRows'][number][] = [];
  let rewardSum = 0;
  for (let from = 0; from < dataset.length; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, dataset.length - from);
    const prompts = Array.from({ length: count }, (_, i) => dataset.row(from + i));
    const greedy = { ...plan.settings, temperature: 0, group: 1, seed: plan.seed };
    const { rows, rewards, observed } = await drawAndScore(plan, prompts, greedy, control);
    parts.push(observed);
    rewardSum += rewards.reduce((a, b) => a + b, 0);
    rows.forEach((row, i) => {
      worst.push({ id: row.sampleId, loss: -rewards[i]!, tokens: answerLength(row) });
    });
  }
  const worstRows = worst.toSorted((a, b) => b.loss - a.loss).slice(0, worstCount);
  const trainedTokens = worst.reduce((sum, { tokens }) => sum + tokens, 0);
  return { loss: -rewardSum / dataset.length, rows: dataset.length, trainedTokens, worstRows, observed: joined(parts) };
}

/** Draws of an evaluation of so many prompts. */
export function evaluationDraws(prompts: number): number {
  return Math.ceil(prompts / rowsAtOnce);
}

/** Prompts answered together in an evaluation, and rows that it reports. */
const rowsAtOnce = 16;
const worstCount = 10;

/** Rewards against those of the other answers to their prompt: less the group's mean, over its standard deviation. */
export function groupAdvantages(rewards: readonly number[], group: number): number[] {
  return rewards.map((reward, i) => {
    const first = i - (i % group);
    const own = rewards.slice(first, first + group);
    const mean = own.reduce((a, b) => a + b, 0) / group;
    const variance = own.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (group - 1);
    return (reward - mean) / (Math.sqrt(variance) + spreadFloor);
  });
}

async function drawAndScore(
  { answers, decode, closing }: DrawnAnswersPlan,
  prompts: readonly TokenisedRow[],
  settings: DrawSettings,
  control: Control,
): Promise<{ rows: TokenisedRow[]; drawn: readonly DrawnAnswer[]; rewards: number[]; observed: Observed }> {
  const drawn = await control.interruptible(
    answers.draw(
      prompts.map(({ tokens }) => tokens),
      settings,
    ),
  );
  const asked = drawn.map((_, i) => prompts[Math.floor(i / settings.group)]!);
  const given = drawn.map(({ tokens, isEnded }, i): AnswerToScore => {
    const { tokens: prompt, fields = {} } = asked[i]!;
    const whole = Int32Array.from([...prompt, ...tokens, ...(isEnded ? closing : [])]);
    return { text: decode([...tokens]), length: tokens.length, tokens: whole, fields };
  });
  const scores = await control.interruptible(answers.score(given, settings.group));
  const rewards = given.map((_, i) => Object.values(scores).reduce((sum, own) => sum + own[i]!, 0));
  const rows = drawn.map(({ tokens }, i): TokenisedRow => {
    const { sampleId, tokens: prompt } = asked[i]!;
    const whole = Int32Array.from([...prompt, ...tokens]);
    return { sampleId, tokens: whole, mask: new Uint8Array(whole.length).fill(1, prompt.length) };
  });
  const lengths = drawn.map(({ tokens }) => tokens.length);
  const observed = {
    'reward/mean': rewards,
    'reward/min': rewards,
    'reward/max': rewards,
    ...(Object.keys(scores).length > 1
      ? Object.fromEntries(Object.entries(scores).map(([name, own]) => [`rewards/${name}`, own]))
      : {}),
    ...(settings.group > 1 ? { 'reward/equal_groups': equalGroups(rewards, settings.group) } : {}),
    'answers/mean_length': lengths,
    'answers/cut_off': drawn.map(({ isEnded }) => (isEnded ? 0 : 1)),
  };
  return { rows, drawn, rewards, observed };
}

/** 1 for each group whose answers are all worth the same: nothing is learned from it. */
function equalGroups(rewards: readonly number[], group: number): number[] {
  return Array.from({ length: rewards.length / group }, (_, g) => {
    const own = rewards.slice(g * group, (g + 1) * group);
    return own.every((one) => one === own[0]) ? 1 : 0;
  });
}

function answerLength({ mask }: TokenisedRow): number {
  return mask.reduce((sum, bit) => sum + bit, 0);
}
