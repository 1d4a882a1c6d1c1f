// What a dashboard knows about a run: follows its log, and gives snapshots and the differences since the last look.

import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunSections, SeriesPage } from '../../protocol/panelViews.ts';
import type { RunState } from '../../protocol/runState.ts';
import type { StepRows } from '../../protocol/webviewMessages.ts';
import type { PageRequest } from '../../metrics/stepColumns.ts';
import { noLongerThan } from '../../platform/noLongerThan.ts';
import { glanceAtLog } from '../../runs/glanceLog.ts';
import { runPaths } from '../../runs/layout.ts';
import { createLogFollower, eventAt, type LogPart, type PlacedEvent } from '../../runs/logFollower.ts';
import type { ReadableRun } from '../../runs/runRecord.ts';
import { skimLog } from '../../runs/skimLog.ts';
import { createRunReplay, type RunReplay } from './runReplay.ts';
import * as section from './sections.ts';
import type { Translate } from './timeline.ts';

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
/** More new steps than these are told by a snapshot. */
const longestDelta = 5000;
/** A log that takes more than a moment to read, in bytes: it is looked over first. */
const longLog = 32 << 20;
/** Milliseconds in which a panel asks for its first picture, and in which it paints it. */
const [untilAsked, untilPainted] = [1000, 400];

export function createRunFeed(folder: string, context: FeedContext): RunFeed {
  const { t } = context;
  const problems: string[] = [];
  const { events: file } = runPaths(folder);
  const follower = createLogFollower(file, (sentence) => {
    if (problems.length < 100) problems.push(sentence);
    context.onProblem(`${file}: ${sentence}`);
  });
  const whole = createRunReplay(t);
  /** What is known of a long log until all of it has been read. */
  let overview: RunReplay | undefined;
  let firstLook: Promise<unknown> | undefined;
  let tellAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => (tellAsked = resolve));
  let told = 0;
  let rewindTo: number | undefined;
  let reset = false;
  let sources = new Map<keyof RunSections, readonly unknown[]>();
  let reading: Promise<unknown> | undefined;

  const shown = (): RunReplay => overview ?? whole;

  const restart = (): void => {
    whole.clear();
    told = 0;
    reset = true;
  };

  const take = (part: LogPart): void => {
    const rewound = whole.take(part);
    if (!rewound) return;
    told = Math.min(told, whole.columns.length);
    rewindTo = Math.min(rewindTo ?? rewound.forgetAbove, rewound.forgetAbove);
  };

  const showOverview = (events: readonly PlacedEvent[]): void => {
    const replay = createRunReplay(t, { sampled: true });
    for (const event of events) replay.take(event);
    overview = replay;
    reset = true;
  };

  /** Shows a long log as a glance tells it. */
  const glance = async (): Promise<void> => {
    if (!((await sizeOf(file)) > longLog)) return;
    const events = await glanceAtLog(file);
    if (events) showOverview(events);
  };

  /** Shows a long log with all its spikes, which takes less than a second. */
  const lookOver = async (): Promise<void> => {
    if (!overview) return;
    // A page that is loading and painting needs the machine more.
    await noLongerThan(untilAsked, asked);
    await delay(untilPainted);
    const events: PlacedEvent[] = [];
    if (await skimLog(file, (found) => events.push(...found))) showOverview(events);
  };

  const readOn = async (): Promise<void> => {
    // Only the first time: later there is little to read.
    if (!firstLook) {
      firstLook = glance().catch((error: unknown) => {
        firstLook = undefined; // the next read tries again
        throw error;
      });
      await firstLook;
      await lookOver();
    }
    await follower.read(take, restart);
    if (overview) reset = true;
    overview = undefined;
  };

  const builders: {
    readonly [S in keyof RunSections]: { from: () => readonly unknown[]; make: () => RunSections[S] };
  } = {
    head: {
      from: () => [context.run().status, JSON.stringify(context.run().label), context.trusted()],
      make: () => section.headOf(context.run(), context.configFile(context.run()), context.trusted(), t),
    },
    setup: { from: () => [shown().state.started, shown().state.probed], make: () => section.setupOf(shown().state) },
    progress: {
      from: () => [shown().state.progress, shown().state.phase],
      make: () => section.progressOf(shown().state),
    },
    now: {
      from: () => [shown().columns.length, shown().columns.last('step'), context.run().status, shown().state.started],
      make: () => section.nowOf(shown().state, shown().columns, context.run()),
    },
    evaluations: { from: () => [shown().state.evaluations], make: () => section.evaluationsOf(shown().state) },
    samples: { from: () => [shown().state.samples], make: () => section.samplesOf(shown().state) },
    marks: { from: () => [shown().marks], make: () => shown().marks },
    timeline: { from: () => [shown().timeline], make: () => shown().timeline },
    crash: { from: () => [shown().state.failed], make: () => section.crashOf(shown().state) },
    result: { from: () => [shown().state.finished], make: () => section.resultOf(shown().state) },
    system: {
      from: () => [JSON.stringify(context.run().manifest)],
      make: () => section.systemOf(context.run(), t),
    },
    previous: { from: () => [shown().state.started === undefined], make: () => context.previous(context.run()) },
    problems: { from: () => [problems.length, shown().state.gaps], make: () => [...shown().state.gaps, ...problems] },
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
    state: () => shown().state,
    async read(patience) {
      reading ??= readOn().finally(() => (reading = undefined));
      if (patience === undefined) {
        await reading;
        return;
      }
      // A failure that comes too late for this call is told by the next one.
      reading.catch(() => undefined);
      const rest = reading;
      // What a glance has told is enough for a picture.
      await noLongerThan(patience, firstLook?.then(() => (overview ? undefined : rest)) ?? rest);
    },
    snapshot() {
      tellAsked();
      const { columns } = shown();
      sources = new Map(entriesOf(builders).map(([name, { from }]) => [name, from()]));
      told = whole.columns.length;
      rewindTo = undefined;
      reset = false;
      const page = columns.page({ from: 0, to: Number.POSITIVE_INFINITY, buckets: snapshotBuckets, smoothing: 0 });
      return { sections: everything(), page };
    },
    delta() {
      const { columns } = whole;
      if (reset || (!overview && columns.length - told > longestDelta)) return 'reset';
      const sections = changedSections();
      const points = !overview && columns.length > told ? columns.since(told) : undefined;
      const back = overview ? undefined : rewindTo;
      if (!overview) {
        told = columns.length;
        rewindTo = undefined;
      }
      if (Object.keys(sections).length === 0 && !points && back === undefined) return undefined;
      return { sections, ...(back === undefined ? {} : { rewindTo: back }), ...(points ? { points } : {}) };
    },
    page: (request) => shown().columns.page(request),
    async rowsOfStep(step) {
      const { columns } = shown();
      const index = columns.indexOf(step);
      if (columns.at(index, 'step') !== step) return { step, rows: [] };
      const event = await eventAt(file, columns.at(index, 'place'));
      return { step, rows: event?.type === 'step' && event.step === step ? event.rows : [] };
    },
  };
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    (found) => (found.isFile() ? found.size : 0),
    () => 0,
  );
}

function entriesOf<T extends object>(record: T): [keyof T, T[keyof T]][] {
  return Object.entries(record) as [keyof T, T[keyof T]][];
}

function sameItems(a: readonly unknown[], b: readonly unknown[] | undefined): boolean {
  return b?.length === a.length && a.every((item, index) => Object.is(item, b[index]));
}
