// Shows the events of a run as they come: a progress line on a terminal, plain lines in a log, JSON Lines for programs.
import type { TrainerEvent } from '../protocol/events.ts';
import { encodeJsonLine } from '../protocol/jsonLines.ts';
import { initialRunState, reduceRun, type RunState } from '../protocol/runState.ts';
import { lastOf } from '../protocol/series.ts';
import { eventLines, type RenderContext } from './render/events.ts';
import { plainProgressLine, progressLine } from './render/progress.ts';
import { printLines, type Terminal } from './terminal.ts';

export interface FollowSettings {
  readonly json: boolean;
  readonly runFolder: string;
  /** Folder of the run's config; the current one when absent. */
  readonly baseDirectory?: string;
  /** What the run was started with. */
  readonly start?: RenderContext['start'];
  /** Whether the run had come to its steps before these events. */
  readonly isBegun?: boolean;
}

/** Time between step lines in a log, milliseconds of the events' own clock. */
const plainInterval = 10_000;
/** Time between two drawings of the progress line, milliseconds. */
const drawInterval = 100;

/** Shows events until there are no more; returns the state that they lead to. */
export async function followEvents(
  events: AsyncIterable<TrainerEvent>,
  terminal: Terminal,
  settings: FollowSettings,
): Promise<RunState> {
  const show = settings.json
    ? jsonShow(terminal)
    : terminal.interactive
      ? liveShow(terminal, settings)
      : plainShow(terminal, settings);
  let state = initialRunState;
  try {
    for await (const event of events) {
      state = reduceRun(state, event);
      show.event(event, state);
    }
  } finally {
    show.end(state);
  }
  return state;
}

interface Show {
  event(event: TrainerEvent, state: RunState): void;
  end(state: RunState): void;
}

function jsonShow(terminal: Terminal): Show {
  return { event: (event) => terminal.write(encodeJsonLine(event)), end: () => undefined };
}

function contextOf(terminal: Terminal, settings: FollowSettings): RenderContext {
  return {
    columns: terminal.columns,
    style: terminal.style,
    directory: process.cwd(),
    runFolder: settings.runFolder,
    baseDirectory: settings.baseDirectory ?? process.cwd(),
    start: settings.start,
    isBegun: settings.isBegun ?? false,
  };
}

/** Lines that stay, and under them one that is drawn over. */
function liveShow(terminal: Terminal, settings: FollowSettings): Show {
  const context = contextOf(terminal, settings);
  const clear = '\r\u001b[2K';
  let drawn = 0;
  let shown = '';
  const draw = (line: string): void => {
    if (line === shown) return;
    terminal.write(`${clear}${line}`);
    shown = line;
  };
  return {
    event(event, state) {
      const lines = eventLines(event, { ...context, isBegun: context.isBegun || state.started !== undefined });
      if (lines.length > 0) {
        draw('');
        printLines(terminal, lines);
      } else if (Date.now() - drawn < drawInterval) return;
      drawn = Date.now();
      const ended = state.finished !== undefined || state.failed !== undefined;
      draw(ended ? '' : progressLine(state, terminal.columns - 1, terminal.style));
    },
    end(state) {
      const last = state.finished === undefined && state.failed === undefined;
      if (last && shown !== '') terminal.write('\n');
      else draw('');
    },
  };
}

/** Lines for a log: what `eventLines` says, stages once each, and steps at intervals. */
function plainShow(terminal: Terminal, settings: FollowSettings): Show {
  const context = contextOf(terminal, settings);
  let stage = '';
  let stepShown = { step: -1, time: 0 };
  const showStep = (state: RunState): void => {
    const last = lastOf(state.steps);
    if (!last || last.step === stepShown.step) return;
    stepShown = { step: last.step, time: Date.parse(last.time) };
    printLines(terminal, [plainProgressLine(state)]);
  };
  return {
    event(event, state) {
      if (event.type === 'progress' && event.stage !== stage) {
        stage = event.stage;
        printLines(terminal, [event.message]);
      }
      if (event.type === 'step') {
        const due = Date.parse(event.time) - stepShown.time >= plainInterval;
        if (due || event.step === state.started?.plan.total_steps) showStep(state);
      }
      printLines(terminal, eventLines(event, { ...context, isBegun: context.isBegun || state.started !== undefined }));
    },
    end: showStep,
  };
}
