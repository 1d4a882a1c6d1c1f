// The wire between a panel and the host: snapshots and deltas down, requests up. Descriptors tie request to reply.

import type { RowReport } from './events.ts';
import { between, bytes, count, finite, flag, isObject } from './guards.ts';
import { list, number, oneOf, optional, shape, text } from './guards.ts';
import type { Guard } from './guards.ts';
import { isComparedRun, isRunSections, isSeriesPage, isSomeRunSections } from './panelGuards.ts';
import type { ComparedRun, RunSections, SeriesPage } from './panelViews.ts';

/** A request that the host answers, or refuses with a sentence. */
export interface PanelRequest<P, R> {
  readonly method: string;
  readonly isParams: Guard<P>;
  readonly isReply: Guard<R>;
  /** How long the panel waits, in milliseconds. */
  readonly timeout: number;
}

/** For requests without parameters. */
const nothing: Guard<object> = isObject;

/** What a command came to. `done` is false when the person said no to a question of the host. */
export interface CommandReply {
  readonly done: boolean;
}
const isCommandReply = shape<CommandReply>({ done: flag });

export interface SeriesParams {
  /** Steps, both included; `to` may be Infinity. */
  readonly from: number;
  readonly to: number;
  /** Columns of pixels that the page is for. */
  readonly buckets: number;
  /** Share of the past in the smoothed values, 0 up to below 1; see metrics/smoothing.ts. */
  readonly smoothing: number;
  /** Which run, in the compare panel: `head.id`. */
  readonly run?: string;
}

export interface StepRows {
  readonly step: number;
  /** Every row of the step; empty when the trainer did not tell them. */
  readonly rows: readonly RowReport[];
}

export interface LogTail {
  readonly text: string;
  /** True when the log is longer than what is given. */
  readonly truncated: boolean;
}

/** A person may have to answer a dialog of the host first. */
const withDialog = 10 * 60_000;
/** The trainer obeys between steps, and a step may take minutes. */
const betweenSteps = 10 * 60_000;

function request<P, R>(method: string, isParams: Guard<P>, isReply: Guard<R>, timeout: number): PanelRequest<P, R> {
  return { method, isParams, isReply, timeout };
}

function command<P>(method: string, isParams: Guard<P>, timeout: number): PanelRequest<P, CommandReply> {
  return request(method, isParams, isCommandReply, timeout);
}

const learningRate = shape<{ readonly value: number }>({ value: between(0, 1e6) });
const row = shape<RowReport>({ id: text, loss: number, tokens: count });

/** Everything that a panel may ask. The host looks ids up and never uses them as paths. */
export const panelRequests = {
  pause: command('pause', nothing, betweenSteps),
  resume: command('resume', nothing, betweenSteps),
  checkpointNow: command('checkpointNow', nothing, betweenSteps),
  stopAndSave: command('stopAndSave', nothing, betweenSteps),
  /** The host asks first. */
  stopNow: command('stopNow', nothing, withDialog),
  setLearningRate: command('setLearningRate', learningRate, betweenSteps),
  /** Goes on with a run that has ended or was interrupted, from its last checkpoint. */
  resumeRun: command('resumeRun', nothing, withDialog),
  /** Applies `crash.remedies[index].set` to the config's values and resumes; the host looks the remedy up itself. */
  applyRemedyAndResume: command(
    'applyRemedyAndResume',
    shape<{ readonly index: number }>({ index: count }),
    withDialog,
  ),
  /** Opens `file:line` of a dataset; the host accepts only ids that the run's events name. */
  openRow: command('openRow', shape<{ readonly id: string }>({ id: text }), 10_000),
  openConfig: command('openConfig', nothing, 10_000),
  openLog: command('openLog', nothing, 10_000),
  revealFolder: command('revealFolder', nothing, 10_000),
  /** Opens the dashboard of a run of the compare panel. */
  openRun: command('openRun', shape<{ readonly run: string }>({ run: text }), 10_000),
  /** Takes a run out of the compare panel. */
  removeRun: command('removeRun', shape<{ readonly run: string }>({ run: text }), 10_000),
  rowsOfStep: request(
    'rowsOfStep',
    shape<{ readonly step: number }>({ step: count }),
    shape<StepRows>({ step: count, rows: list(row, 100_000) }),
    15_000,
  ),
  series: request(
    'series',
    shape<SeriesParams>({
      from: between(0, Number.MAX_SAFE_INTEGER),
      to: between(0, Number.POSITIVE_INFINITY),
      buckets: between(10, 5000),
      smoothing: between(0, 0.9999),
      run: optional(text),
    }),
    isSeriesPage,
    15_000,
  ),
  readLog: request('readLog', nothing, shape<LogTail>({ text, truncated: flag }), 15_000),
  /** All steps, not only those on the chart; the host asks where to. */
  saveCsv: command('saveCsv', nothing, withDialog),
  /** A picture that the panel drew; the host checks that it is a PNG and asks where to. */
  savePng: command('savePng', shape<{ readonly png: Uint8Array }>({ png: bytes }), withDialog),
  copyText: command('copyText', shape<{ readonly text: string }>({ text }), 10_000),
};

export type PanelMethod = keyof typeof panelRequests;
type Guarded<G> = G extends Guard<infer T> ? T : never;
export type ParamsOf<M extends PanelMethod> = Guarded<(typeof panelRequests)[M]['isParams']>;
export type ReplyOf<M extends PanelMethod> = Guarded<(typeof panelRequests)[M]['isReply']>;

/** A request whose parameters fit its method; `switch (message.method)` tells them apart. */
export type PanelRequestMessage = {
  readonly [M in PanelMethod]: {
    readonly type: 'request';
    readonly id: number;
    readonly method: M;
    readonly params: ParamsOf<M>;
  };
}[PanelMethod];

/** What a panel says. */
export type PanelMessage =
  /** First words, and again whenever a revision is missing: the host answers with a snapshot. */
  | { readonly type: 'ready' }
  | PanelRequestMessage
  /** Something failed inside the panel; for the log. */
  | { readonly type: 'trouble'; readonly text: string };

/** Texts of the interface by their English form, as `vscode.l10n.bundle` has them; empty for English. */
export type PanelStrings = Readonly<Record<string, string>>;

interface SnapshotBase {
  readonly type: 'snapshot';
  /** Deltas count on from here. */
  readonly revision: number;
  readonly strings: PanelStrings;
  /** BCP 47, for dates and numbers. */
  readonly locale: string;
}

export interface DashboardSnapshot extends SnapshotBase {
  readonly panel: 'dashboard';
  readonly sections: RunSections;
  readonly page: SeriesPage;
}

export interface CompareSnapshot extends SnapshotBase {
  readonly panel: 'compare';
  /** Two to ten. */
  readonly runs: readonly ComparedRun[];
}

export interface DashboardDelta {
  readonly type: 'delta';
  readonly panel: 'dashboard';
  /** One more than the last. */
  readonly revision: number;
  /** Those that changed. */
  readonly sections: Partial<RunSections>;
  /** Steps above this one are run again and are to be forgotten before `points` are added. */
  readonly rewindTo?: number;
  /** Steps that are new, none left out. */
  readonly points?: SeriesPage;
}

/** In the place of a snapshot that could not be made: why, as a sentence. A panel may ask again by `ready`. */
export interface SnapshotFailure {
  readonly type: 'failure';
  readonly strings: PanelStrings;
  readonly locale: string;
  readonly problem: string;
}

/** What the host says. The compare panel gets a whole snapshot whenever its runs change. */
export type HostMessage =
  | DashboardSnapshot
  | CompareSnapshot
  | DashboardDelta
  | SnapshotFailure
  | { readonly type: 'reply'; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly type: 'reply'; readonly id: number; readonly ok: false; readonly problem: string };

const isReady = shape<{ type: 'ready' }>({ type: oneOf('ready') });
const isTrouble = shape<{ type: 'trouble'; text: string }>({ type: oneOf('trouble'), text });
const isRequestShape = shape<{ type: 'request'; id: number; method: string }>({
  type: oneOf('request'),
  id: count,
  method: text,
});
const isRequest = (value: unknown): value is PanelRequestMessage =>
  isRequestShape(value) &&
  isPanelMethod(value.method) &&
  panelRequests[value.method].isParams('params' in value ? value.params : undefined);

/** A message as it came from a panel, or a sentence on what is wrong with it. Parameters are checked for the method. */
export function readPanelMessage(
  value: unknown,
): PanelMessage | { readonly type: 'malformed'; readonly problem: string } {
  if (isReady(value)) return { type: 'ready' };
  if (isTrouble(value)) return { type: 'trouble', text: value.text.slice(0, 4000) };
  if (isRequest(value)) return value;
  if (!isRequestShape(value)) return { type: 'malformed', problem: 'The message is of no known form.' };
  if (!isPanelMethod(value.method)) return { type: 'malformed', problem: 'The message asks for an unknown method.' };
  return { type: 'malformed', problem: `The parameters of '${value.method}' are malformed.` };
}

export function isPanelMethod(name: string): name is PanelMethod {
  return Object.hasOwn(panelRequests, name);
}

const isStrings = (value: unknown): value is PanelStrings =>
  typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string');

const isDashboardSnapshot = shape<DashboardSnapshot>({
  type: oneOf('snapshot'),
  panel: oneOf('dashboard'),
  revision: count,
  strings: isStrings,
  locale: text,
  sections: isRunSections,
  page: isSeriesPage,
});
const isCompareSnapshot = shape<CompareSnapshot>({
  type: oneOf('snapshot'),
  panel: oneOf('compare'),
  revision: count,
  strings: isStrings,
  locale: text,
  runs: list(isComparedRun, 20),
});
const isDashboardDelta = shape<DashboardDelta>({
  type: oneOf('delta'),
  panel: oneOf('dashboard'),
  revision: count,
  sections: isSomeRunSections,
  rewindTo: optional(finite),
  points: optional(isSeriesPage),
});
export const isSnapshotFailure = shape<SnapshotFailure>({
  type: oneOf('failure'),
  strings: isStrings,
  locale: text,
  problem: text,
});
const isGoodReply = (value: unknown): value is { type: 'reply'; id: number; ok: true; result: unknown } =>
  isReplyHead(value) && value.ok;
const isBadReply = shape<{ type: 'reply'; id: number; ok: false; problem: string }>({
  type: oneOf('reply'),
  id: count,
  ok: (value): value is false => value === false,
  problem: text,
});
const isReplyHead = shape<{ type: 'reply'; id: number; ok: boolean }>({
  type: oneOf('reply'),
  id: count,
  ok: flag,
});

/** True for a message of the host that a panel may use; the result of a reply is checked by who asked. */
export function isHostMessage(value: unknown): value is HostMessage {
  return (
    isDashboardDelta(value) ||
    isBadReply(value) ||
    isGoodReply(value) ||
    isDashboardSnapshot(value) ||
    isCompareSnapshot(value) ||
    isSnapshotFailure(value)
  );
}
