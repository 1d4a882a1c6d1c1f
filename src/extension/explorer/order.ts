// Which runs the explorer shows, in which groups and in which order. Pure: tested without an editor.

import { runTitle, type RunRecord } from '../../runs/runRecord.ts';

export const stateGroups = ['active', 'queued', 'finished', 'stopped', 'failed', 'interrupted'] as const;
export type StateGroup = (typeof stateGroups)[number];

export const sortKeys = ['newest', 'name', 'loss', 'evaluation', 'duration'] as const;
export type SortKey = (typeof sortKeys)[number];

export interface ExplorerOptions {
  /** Words that must all be found in a run's title, id, config, model or note. */
  readonly filter: string;
  readonly sort: SortKey;
}

/** Where a run is listed. One that a person stopped is not one whose process died. */
export function groupOf(run: RunRecord): StateGroup {
  if (run.kind === 'broken') return 'failed';
  switch (run.status) {
    case 'starting':
    case 'preparing':
    case 'running':
    case 'paused':
      return 'active';
    case 'completed':
    case 'early_stopped':
      return 'finished';
    case 'failed':
      return 'failed';
    case 'stopped':
      return 'stopped';
    case 'interrupted':
      return 'interrupted';
  }
}

/** The runs that pass the filter, pinned ones first, then by the chosen key; runs without the value come last. */
export function arrange(runs: readonly RunRecord[], { filter, sort }: ExplorerOptions): RunRecord[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = runs.filter((run) => {
    const text = searchText(run);
    return words.every((word) => text.includes(word));
  });
  const byNewest = (a: RunRecord, b: RunRecord): number => createdOf(b).localeCompare(createdOf(a));
  const byKey = comparison(sort);
  return shown.toSorted(
    (a, b) => Number(b.label.pinned ?? false) - Number(a.label.pinned ?? false) || byKey(a, b) || byNewest(a, b),
  );
}

/** Runs by the config they were started from, in the order in which the configs first appear. */
export function byConfig(runs: readonly RunRecord[]): Map<string, RunRecord[]> {
  const groups = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const file = run.kind === 'run' ? run.manifest.config_file : '';
    const group = groups.get(file);
    if (group) group.push(run);
    else groups.set(file, [run]);
  }
  return groups;
}

/** The number that a run is sorted by; smaller is better. */
export function metricOf(run: RunRecord, sort: SortKey): number | undefined {
  if (run.kind !== 'run') return undefined;
  if (sort === 'loss') return run.tail?.step?.loss;
  if (sort === 'evaluation') return run.tail?.finished?.best?.best_value ?? run.tail?.evaluated?.loss;
  if (sort === 'duration') return run.tail?.finished?.took.seconds;
  return undefined;
}

function comparison(sort: SortKey): (a: RunRecord, b: RunRecord) => number {
  if (sort === 'newest') return () => 0;
  if (sort === 'name') return (a, b) => runTitle(a).localeCompare(runTitle(b));
  const place = (run: RunRecord): number => {
    const value = metricOf(run, sort);
    return value === undefined || Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
  };
  return (a, b) => {
    const [left, right] = [place(a), place(b)];
    return left === right ? 0 : left - right;
  };
}

function createdOf(run: RunRecord): string {
  return run.kind === 'run' ? run.manifest.created : '';
}

function searchText(run: RunRecord): string {
  const model = run.kind === 'run' ? run.manifest.prepared?.config['model'] : undefined;
  const config = run.kind === 'run' ? run.manifest.config_file : '';
  return [runTitle(run), run.id, config, model, run.label.note].filter(Boolean).join(' ').toLowerCase();
}
