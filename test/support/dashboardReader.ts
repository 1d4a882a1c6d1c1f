// What a dashboard shows, read from its page as a person would, and held against the run's events.jsonl.
import type { FrameLocator } from 'playwright-core';
import { expect } from 'vitest';
import { formatCount, formatDuration, formatLoss } from '../../src/metrics/numberText.ts';
import { lastOf, toArray } from '../../src/protocol/series.ts';
import type { OpenedRun } from '../../src/runs/store.ts';

/** The loss chart as its table: one row a step, `[step, loss, evaluation loss]` as texts. */
export async function chartRows(board: FrameLocator): Promise<string[][]> {
  const card = board.locator('[data-chart=loss]');
  const table = card.locator('.twin table');
  if (!(await table.isVisible())) await card.locator('[data-role=table]').click();
  await table.waitFor();
  const rows = await table.locator('tbody tr').allInnerTexts();
  return rows.map((row) => row.split('\t').map((cell) => cell.trim()));
}

/** Puts the chart back. */
export async function showChart(board: FrameLocator): Promise<void> {
  await board.locator('[data-chart=loss] [data-role=table]').click();
}

/** Runs with at most so many steps are on the chart's table whole. */
export const stepsOfTable = 80;

/** Every row of the table must be as in the events, each step at most once; in a short run every step is there. */
export async function expectChartOf(board: FrameLocator, { state }: OpenedRun): Promise<void> {
  const rows = await chartRows(board);
  const told = new Map(toArray(state.steps).map(({ step, loss }) => [formatCount(step), formatLoss(loss)]));
  const steps = rows.map(([step = '']) => step);
  expect(new Set(steps).size, 'no step twice').toBe(steps.length);
  expect(rows.map(([step = '', loss]) => [step, loss])).toEqual(steps.map((step) => [step, told.get(step)]));
  if (told.size <= stepsOfTable) expect(steps).toEqual([...told.keys()]);
  else {
    const losses = toArray(state.steps).map(({ loss }) => loss);
    const ends = [losses[0]!, losses.at(-1)!, Math.min(...losses), Math.max(...losses)].map(formatLoss);
    expect(rows.map(([, loss]) => loss)).toEqual(expect.arrayContaining(ends));
  }
  const evaluations = toArray(state.evaluations).map(({ step, loss }) => [formatCount(step), formatLoss(loss)]);
  const shown = rows.filter(([, , evaluation = '']) => evaluation !== '').map(([step, , loss]) => [step, loss]);
  if (told.size <= stepsOfTable) expect(shown).toEqual(evaluations.filter(([step = '']) => told.has(step)));
  await showChart(board);
}

/** Tiles and result of a finished run must be its last numbers. */
export async function expectFinalNumbers(board: FrameLocator, { state }: OpenedRun): Promise<void> {
  const last = lastOf(state.steps)!;
  const evaluation = lastOf(state.evaluations)!;
  const tiles = board.locator('.tiles');
  const texts = [
    `${formatCount(last.step)} / ${formatCount(state.started!.plan.total_steps)}`,
    formatLoss(last.loss),
    `${formatLoss(evaluation.loss)} · ${formatLoss(evaluation.perplexity!)}`,
  ];
  for (const text of texts) await tiles.getByText(text, { exact: true }).waitFor();
  const result = board.locator('.card.result');
  await result.getByText('Complete').waitFor();
  await result.getByText(`took ${formatDuration(state.finished!.took.seconds)}`).waitFor();
}
