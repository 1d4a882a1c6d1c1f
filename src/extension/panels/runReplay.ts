// A run's log replayed into what its dashboard is made of: state, columns of steps, marks and lines of the event list.

import type { ChartMark, TimelineEntry } from '../../protocol/panelViews.ts';
import { initialRunState, passSteps, reduceRun, type RunState } from '../../protocol/runState.ts';
import { emptySeries } from '../../protocol/series.ts';
import { blockFrom, type StepBlock } from '../../metrics/stepBlock.ts';
import { createStepColumns, type StepColumns } from '../../metrics/stepColumns.ts';
import type { LogPart, PlacedEvent } from '../../runs/logFollower.ts';
import { clippingNorm } from './sections.ts';
import { chartMark, timelineEntry, type Translate } from './timeline.ts';

export interface RunReplay {
  readonly state: RunState;
  readonly columns: StepColumns;
  readonly marks: readonly ChartMark[];
  /** The newest lines of the event list. */
  readonly timeline: readonly TimelineEntry[];
  /** The next part of the log. `forgetAbove`: steps above it are forgotten now, since they are run again. */
  take(part: LogPart): { readonly forgetAbove: number } | undefined;
  clear(): void;
}

/** Lines of the event list that are kept. */
const keptEntries = 2000;

/** `sampled`: only some of the steps will be given, so that gaps between them are none. */
export function createRunReplay(t: Translate, { sampled = false } = {}): RunReplay {
  const columns = createStepColumns({ sampled });
  let state: RunState = initialRunState;
  let marks: readonly ChartMark[] = [];
  let timeline: readonly TimelineEntry[] = [];

  const takeSteps = (all: StepBlock): void => {
    const [firstSeq = 0] = all.fields.seq;
    const seen = Math.min(all.length, Math.max(0, state.nextSeq - firstSeq));
    if (seen === all.length) return;
    const steps = seen === 0 ? all : blockFrom(all, seen);
    const { seq, time } = steps.fields;
    const last = steps.length - 1;
    state = passSteps(state, {
      firstSeq: seq[0]!,
      lastSeq: seq[last]!,
      time: new Date(time[last]!).toISOString(),
    });
    columns.appendBlock(steps, clippingNorm(state));
  };

  const takeEvent = ({ event, place }: PlacedEvent): { readonly forgetAbove: number } | undefined => {
    if (event.seq < state.nextSeq) return undefined;
    state = reduceRun(sampled ? { ...state, nextSeq: event.seq } : state, event);
    if (event.type === 'step') {
      columns.append(event, place, clippingNorm(state));
      // The columns hold the steps; what the reducer keeps of them beside is the last ones only.
      if (state.steps.length > 1024) state = { ...state, steps: emptySeries() };
      return undefined;
    }
    const before = columns.length;
    if (event.type === 'resumed') {
      columns.rewind(event.step);
      marks = marks.filter((mark) => mark.step <= event.step);
    }
    const entry = timelineEntry(event, t);
    if (entry) timeline = [...timeline.slice(1 - keptEntries), entry];
    const mark = chartMark(event, t);
    if (mark) marks = [...marks, mark];
    return event.type === 'resumed' && columns.length < before ? { forgetAbove: event.step } : undefined;
  };

  return {
    columns,
    get state() {
      return state;
    },
    get marks() {
      return marks;
    },
    get timeline() {
      return timeline;
    },
    take(part) {
      if (!('steps' in part)) return takeEvent(part);
      takeSteps(part.steps);
      return undefined;
    },
    clear() {
      state = initialRunState;
      columns.clear();
      marks = [];
      timeline = [];
    },
  };
}
