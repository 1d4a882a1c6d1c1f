// Goes over the rows for their statistics: a random sample first where the file is large, all of them when asked.
import { setImmediate } from 'node:timers/promises';
import type { Looks } from '../../data/formats/detect.ts';
import type { PreviewStatistics, PreviewTask } from '../../protocol/previewViews.ts';
import { chosenRows } from '../chosenRows.ts';
import type { RowFile } from '../rowFile.ts';
import type { RowSettings } from '../rowFindings.ts';
import { StatisticsCollector } from './collect.ts';

/** Smaller files are looked at whole at once. */
const smallRows = 5000;
const smallBytes = 8 * 2 ** 20;
const sampleRows = 2000;

/** Statistics are shown anew after so many milliseconds. */
const shownEvery = 500;
/** The process answers other questions after so many milliseconds. */
const breathesEvery = 25;

export interface StatisticsControls {
  readonly signal: AbortSignal;
  readonly random: () => number;
  readonly onProgress: (
    collector: StatisticsCollector,
    task: PreviewTask,
    statistics: PreviewStatistics | undefined,
  ) => void;
}

/** Throws the signal's reason; what was counted until then has been told. */
export async function collectStatistics(
  file: RowFile,
  settings: RowSettings,
  looks: readonly Looks[],
  all: boolean,
  { signal, random, onProgress }: StatisticsControls,
): Promise<void> {
  const ofRows = file.rowCount;
  const isWhole = all || (ofRows <= smallRows && file.size <= smallBytes);
  const collector = new StatisticsCollector(settings, looks);
  const total = isWhole ? ofRows : Math.min(ofRows, sampleRows);
  const rows = isWhole ? file.rows(signal) : chosenRows(file, sampleOf(ofRows, total, random));
  let done = 0;
  let shown = performance.now();
  let breathed = shown;
  for await (const row of rows) {
    collector.add(row);
    done += 1;
    const now = performance.now();
    if (now - breathed < breathesEvery) continue;
    const isDue = now - shown >= shownEvery;
    onProgress(collector, { done, total }, isDue ? collector.result(ofRows, false) : undefined);
    await setImmediate();
    signal.throwIfAborted();
    breathed = performance.now();
    if (isDue) shown = breathed;
  }
  collector.finish();
  onProgress(collector, { done, total }, collector.result(ofRows, true));
}

/** `count` different rows of `rows`, ascending, each equally likely (Floyd's algorithm). */
export function sampleOf(rows: number, count: number, random: () => number): number[] {
  const chosen = new Set<number>();
  for (let limit = rows - count; limit < rows; limit += 1) {
    const at = Math.floor(random() * (limit + 1));
    chosen.add(chosen.has(at) ? limit : at);
  }
  return [...chosen].sort((a, b) => a - b);
}
