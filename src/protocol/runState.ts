// The one reducer: events of a run, in order, to what a person wants to know about it. Pure; panels and terminals share it.

import type { EventOf, TrainerEvent } from './events.ts';
import { append, dropLastWhile, emptySeries, type Series } from './series.ts';

/** Where a run stands, as its events tell. Whether its process still lives is not an event: see runs/store.ts. */
export type RunPhase =
  'starting' | 'preparing' | 'running' | 'paused' | 'completed' | 'early_stopped' | 'stopped' | 'failed';

/** A step as kept in the state: all but its rows, which stay in events.jsonl. */
export type StepPoint = Omit<EventOf<'step'>, 'rows' | 'type'>;

export interface RunState {
  readonly phase: RunPhase;
  /** Sequence number expected next. */
  readonly nextSeq: number;
  /** Time of the last event, ISO 8601; absent before the first. */
  readonly updated?: string;
  /** How many trainer processes have worked on the run. */
  readonly processes: number;
  readonly hello?: EventOf<'hello'>;
  readonly progress?: EventOf<'progress'>;
  readonly started?: EventOf<'started'>;
  /** The last try of the step that needs the most memory. */
  readonly probed?: EventOf<'probed'>;
  /** Steps done that count: those run again after a restart appear once. */
  readonly steps: Series<StepPoint>;
  readonly evaluations: Series<EventOf<'evaluated'>>;
  readonly samples: Series<EventOf<'sample'>>;
  /** Checkpoints that are still on disk, by their events, oldest first. */
  readonly checkpoints: readonly EventOf<'checkpoint'>[];
  readonly warnings: readonly EventOf<'warning'>[];
  readonly settings: readonly EventOf<'setting_changed'>[];
  readonly finished: EventOf<'finished'> | undefined;
  readonly failed: EventOf<'failed'> | undefined;
  /** Gaps in `seq`, as sentences: events were lost. */
  readonly gaps: readonly string[];
}

/** The state before the first event. */
export const initialRunState: RunState = {
  phase: 'starting',
  nextSeq: 0,
  processes: 0,
  steps: emptySeries(),
  evaluations: emptySeries(),
  samples: emptySeries(),
  checkpoints: [],
  warnings: [],
  settings: [],
  finished: undefined,
  failed: undefined,
  gaps: [],
};

/** The state after one more event. Never throws: a gap in `seq` is noted in `gaps`, an event seen twice is passed over. */
export function reduceRun(state: RunState, event: TrainerEvent): RunState {
  if (event.seq < state.nextSeq) return state;
  const gaps = event.seq === state.nextSeq ? state.gaps : [...state.gaps, gapSentence(state.nextSeq, event.seq - 1)];
  return apply({ ...state, nextSeq: event.seq + 1, updated: event.time, gaps }, event);
}

/** Steps whose `seq` counts without a gap, as their first and last tell. */
export interface StepsPassed {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Of the last one, ISO 8601. */
  readonly time: string;
}

/**
 * The state after many steps at once, for those who keep the numbers of steps themselves: `steps` is left as it was,
 * everything else is as if each had been reduced. None of them may have been seen before.
 */
export function passSteps(state: RunState, { firstSeq, lastSeq, time }: StepsPassed): RunState {
  const gaps = firstSeq === state.nextSeq ? state.gaps : [...state.gaps, gapSentence(state.nextSeq, firstSeq - 1)];
  return { ...state, phase: 'running', nextSeq: lastSeq + 1, updated: time, gaps };
}

function gapSentence(first: number, last: number): string {
  return `Events ${first} to ${last} are missing.`;
}

function apply(state: RunState, event: TrainerEvent): RunState {
  switch (event.type) {
    case 'hello':
      // A new process goes on with a run that may have ended before.
      return {
        ...state,
        hello: event,
        processes: state.processes + 1,
        phase: 'starting',
        finished: undefined,
        failed: undefined,
      };
    case 'progress':
      return { ...state, progress: event, phase: state.phase === 'starting' ? 'preparing' : state.phase };
    case 'started':
      return { ...state, started: event, phase: 'running' };
    case 'probed':
      return { ...state, probed: event };
    case 'step':
      return { ...state, steps: append(state.steps, withoutRows(event)), phase: 'running' };
    case 'evaluated':
      return { ...state, evaluations: append(state.evaluations, event) };
    case 'sample':
      return { ...state, samples: append(state.samples, event) };
    case 'checkpoint': {
      const gone = new Set([...event.removed, event.path]);
      return { ...state, checkpoints: [...state.checkpoints.filter(({ path }) => !gone.has(path)), event] };
    }
    case 'warning':
      return { ...state, warnings: [...state.warnings, event] };
    case 'paused':
      return { ...state, phase: 'paused' };
    case 'resumed':
      return rewind({ ...state, phase: 'running' }, event);
    case 'setting_changed':
      return { ...state, settings: [...state.settings, event] };
    case 'acknowledged':
      return state;
    case 'finished':
      return { ...state, finished: event, phase: event.outcome };
    case 'failed':
      return { ...state, failed: event, phase: 'failed' };
  }
}

/**
 * Forgets what came after the step that it goes on from: it is run again. At the very beginning that includes what was
 * measured before the first step. Settings stay: they are applied again at their steps.
 */
function rewind(state: RunState, { step, after }: EventOf<'resumed'>): RunState {
  const later = (item: { step: number }): boolean => item.step > step;
  const measuredAgain = (item: { step: number }): boolean => later(item) || (after === 'restart' && step === 0);
  return {
    ...state,
    steps: dropLastWhile(state.steps, later),
    evaluations: dropLastWhile(state.evaluations, measuredAgain),
    samples: dropLastWhile(state.samples, measuredAgain),
    checkpoints: state.checkpoints.filter((checkpoint) => !later(checkpoint)),
  };
}

/** What is kept of a step; its rows are the bulk of it and stay in the file. */
function withoutRows(event: EventOf<'step'>): StepPoint {
  const { seq, time, step, epoch, loss, learning_rate, grad_norm } = event;
  const { tokens, trained_tokens, tokens_per_second, memory_bytes, seconds, metrics } = event;
  return {
    seq,
    time,
    step,
    epoch,
    loss,
    learning_rate,
    grad_norm,
    tokens,
    trained_tokens,
    tokens_per_second,
    memory_bytes,
    seconds,
    ...(metrics ? { metrics } : {}),
  };
}
