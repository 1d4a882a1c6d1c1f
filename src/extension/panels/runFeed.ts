// What a dashboard knows about a run: follows its log, and gives snapshots and the differences since the last look.

import type { EventOf } from '../../protocol/events.ts';
import type { ChartMark, RunSections, SeriesPage, TimelineEntry } from '../../protocol/panelViews.ts';
import { initialRunState, reduceRun, type RunState } from '../../protocol/runState.ts';
import { emptySeries } from '../../protocol/series.ts';
import type { StepRows } from '../../protocol/webviewMessages.ts';
import { createStepColumns, type PageRequest } from '../../metrics/stepColumns.ts';
import { runPaths } from '../../runs/layout.ts';
import { createLogFollower, eventAt, type PlacedEvent } from '../../runs/logFollower.ts';
import type { ReadableRun } from '../../runs/runRecord.ts';
import * as section from './sections.ts';
import { chartMark, timelineEntry, type Translate } from './timeline.ts';

export interface FeedContext {
  /** The run as it is now; the last one known when its folder has gone. */
  readonly run: () => ReadableRun;
  /** The config's path as a person in the workspace would write it. */
  readonly configFile: (run: ReadableRun) => string;
  readonly previous: (run: ReadableRun) => RunSections['previous'];
  readonly trusted: () => boolean;
  readonly t: Translate;
  readonly onProblem: (sentence: string) => void;
}

export interface FeedDelta {
  readonly sections: Partial<RunSections>;
  readonly rewindTo?: number;
  readonly points?: SeriesPage;
}

export interface RunFeed {
  readonly folder: string;
  state(): RunState;
  /**
   * Reads what was added to the log. With `patience`, in milliseconds, resolves after it at the latest: reading goes on,
   * and meanwhile the feed tells what it knows so far.
   */
  read(patience?: number): Promise<void>;
  /** Everything; the next delta counts from here. */
  snapshot(): { readonly sections: RunSections; readonly page: SeriesPage };
  /** What changed since the last snapshot or delta; undefined when nothing did. `reset`: only a snapshot can tell it. */
  delta(): FeedDelta | 'reset' | undefined;
  page(request: PageRequest): SeriesPage;
  rowsOfStep(step: number): Promise<StepRows>;
}

/** Steps of the first picture: four spikes each. */
const snapshotBuckets = 600;
/** Lines of the event list that are kept. */
const keptEntries = 2000;
/** More new steps than these are told by a snapshot. */
const longestDelta = 5000;

export function createRunFeed(folder: string, context: FeedContext): RunFeed {
  const { t } = context;
  const problems: string[] = [];
  const { events: file } = runPaths(folder);
  const follower = createLogFollower(file, (sentence) => {
    if (problems.length < 100) problems.push(sentence);
    context.onProblem(`${file}: ${sentence}`);
  });
  const columns = createStepColumns();
  let state: RunState = initialRunState;
  let marks: readonly ChartMark[] = [];
  let timeline: readonly TimelineEntry[] = [];
  let told = 0;
  let rewindTo: number | undefined;
  let reset = false;
  let sources = new Map<keyof RunSections, readonly unknown[]>();
  let reading: Promise<number> | undefined;

  const restart = (): void => {
    state = initialRunState;
    columns.clear();
    marks = [];
    timeline = [];
    told = 0;
    reset = true;
  };

  const take = (events: readonly PlacedEvent[]): void => {
    const limit = section.clippingNorm(state);
    const entries: TimelineEntry[] = [];
    for (const { event, place } of events) {
      if (event.seq < state.nextSeq) continue;
      state = reduceRun(state, event);
      if (event.type === 'step') {
        columns.append(event, place, limit ?? section.clippingNorm(state));
        continue;
      }
      if (event.type === 'resumed') rewind(event);
      const entry = timelineEntry(event, t);
      if (entry) entries.push(entry);
      const mark = chartMark(event, t);
      if (mark) marks = [...marks, mark];
    }
    // The columns hold the steps; what the reducer keeps of them beside is the last ones only.
    if (state.steps.length > 1024) state = { ...state, steps: emptySeries() };
    if (entries.length > 0) timeline = [...timeline, ...entries].slice(-keptEntries);
  };

  const rewind = ({ step }: EventOf<'resumed'>): void => {
    const before = columns.length;
    columns.rewind(step);
    marks = marks.filter((mark) => mark.step <= step);
    if (columns.length === before) return;
    told = Math.min(told, columns.length);
    rewindTo = Math.min(rewindTo ?? step, step);
  };

  const builders: {
    readonly [S in keyof RunSections]: { from: () => readonly unknown[]; make: () => RunSections[S] };
  } = {
    head: {
      from: () => [context.run().status, JSON.stringify(context.run().label), context.trusted()],
      make: () => section.headOf(context.run(), context.configFile(context.run()), context.trusted(), t),
    },
    setup: { from: () => [state.started], make: () => section.setupOf(state) },
    progress: { from: () => [state.progress, state.phase], make: () => section.progressOf(state) },
    now: {
      from: () => [columns.length, columns.last('step'), context.run().status, state.started],
      make: () => section.nowOf(state, columns, context.run()),
    },
    evaluations: { from: () => [state.evaluations], make: () => section.evaluationsOf(state) },
    samples: { from: () => [state.samples], make: () => section.samplesOf(state) },
    marks: { from: () => [marks], make: () => marks },
    timeline: { from: () => [timeline], make: () => timeline },
    crash: { from: () => [state.failed], make: () => section.crashOf(state) },
    result: { from: () => [state.finished], make: () => section.resultOf(state) },
    system: {
      from: () => [JSON.stringify(context.run().manifest)],
      make: () => section.systemOf(context.run(), t),
    },
    previous: { from: () => [state.started === undefined], make: () => context.previous(context.run()) },
    problems: { from: () => [problems.length, state.gaps], make: () => [...state.gaps, ...problems] },
  };

  const everything = (): RunSections => ({
    head: builders.head.make(),
    setup: builders.setup.make(),
    progress: builders.progress.make(),
    now: builders.now.make(),
    evaluations: builders.evaluations.make(),
    samples: builders.samples.make(),
    marks: builders.marks.make(),
    timeline: builders.timeline.make(),
    crash: builders.crash.make(),
    result: builders.result.make(),
    system: builders.system.make(),
    previous: builders.previous.make(),
    problems: builders.problems.make(),
  });

  const changedSections = (): Partial<RunSections> => {
    const changed: Record<string, unknown> = {};
    const next = new Map<keyof RunSections, readonly unknown[]>();
    for (const [name, { from, make }] of entriesOf(builders)) {
      const source = from();
      next.set(name, source);
      if (!sameItems(source, sources.get(name))) changed[name] = make();
    }
    sources = next;
    return changed;
  };

  return {
    folder,
    state: () => state,
    async read(patience) {
      reading ??= follower.read(take, restart).finally(() => (reading = undefined));
      if (patience === undefined) await reading;
      else await noLongerThan(patience, reading);
    },
    snapshot() {
      sources = new Map(entriesOf(builders).map(([name, { from }]) => [name, from()]));
      told = columns.length;
      rewindTo = undefined;
      reset = false;
      const page = columns.page({ from: 0, to: Number.POSITIVE_INFINITY, buckets: snapshotBuckets, smoothing: 0 });
      return { sections: everything(), page };
    },
    delta() {
      if (reset || columns.length - told > longestDelta) return 'reset';
      const sections = changedSections();
      const points = columns.length > told ? columns.since(told) : undefined;
      const back = rewindTo;
      told = columns.length;
      rewindTo = undefined;
      if (Object.keys(sections).length === 0 && !points && back === undefined) return undefined;
      return { sections, ...(back === undefined ? {} : { rewindTo: back }), ...(points ? { points } : {}) };
    },
    page: (request) => columns.page(request),
    async rowsOfStep(step) {
      const index = columns.indexOf(step);
      if (columns.at(index, 'step') !== step) return { step, rows: [] };
      const event = await eventAt(file, columns.at(index, 'place'));
      return { step, rows: event?.type === 'step' && event.step === step ? event.rows : [] };
    },
  };
}

/** Waits for the work, but not longer than so many milliseconds. */
async function noLongerThan(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  try {
    await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
    // A failure after the time is told by the next read.
    work.catch(() => undefined);
  }
}

function entriesOf<T extends object>(record: T): [keyof T, T[keyof T]][] {
  return Object.entries(record) as [keyof T, T[keyof T]][];
}

function sameItems(a: readonly unknown[], b: readonly unknown[] | undefined): boolean {
  return b?.length === a.length && a.every((item, index) => Object.is(item, b[index]));
}
