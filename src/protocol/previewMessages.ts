// The wire between a dataset preview and the host: the state down, requests up. Same form as webviewMessages.ts.

import { between, count, flag, isObject, list, number, oneOf, optional, shape, text, type Guard } from './guards.ts';
import type * as view from './previewViews.ts';
import { isSnapshotFailure, type PanelRequest, type PanelStrings, type SnapshotFailure } from './webviewMessages.ts';

const looks = oneOf<view.PreviewLooks>(
  'messages',
  'conversations',
  'prompt_completion',
  'reasoning',
  'instruction',
  'text',
  'preference',
  'prompt',
  'unknown',
);

const summaryFields = {
  row: count,
  line: count,
  looks,
  text,
  answer: text,
  turns: count,
  bytes: count,
  excluded: flag,
  problem: optional(text),
};
const isSummary = shape<view.RowSummary>(summaryFields);

const isTurn = shape<view.PreviewTurn>({
  speaker: oneOf<view.PreviewSpeaker>('system', 'user', 'assistant', 'tool', 'text'),
  text,
  thinking: optional(text),
  calls: optional(list(shape<{ name: string; arguments: string }>({ name: text, arguments: text }), 1000)),
  isContext: optional(flag),
});

const severity = oneOf<view.PreviewFinding['severity']>('error', 'warning', 'information', 'hint');

const isTokens = shape<view.RowTokens>({
  pieces: list(text),
  ids: list(count),
  kinds: list(count),
  total: count,
  trained: count,
  lost: count,
});

const isDetail = shape<view.RowDetail>({
  ...summaryFields,
  conversation: list(isTurn, 10_000),
  pair: optional(shape<NonNullable<view.RowDetail['pair']>>({ chosen: text, rejected: text })),
  fields: list(shape<{ name: string; value: string }>({ name: text, value: text }), 1000),
  raw: text,
  cut: flag,
  findings: list(shape<view.PreviewFinding>({ code: text, severity, message: text }), 1000),
  tokens: optional(isTokens),
  noTokens: optional(text),
});

const isFilter: Guard<view.PreviewFilter> = (value): value is view.PreviewFilter =>
  filterShapes.some((guard) => guard(value));
type FilterOf<K> = Extract<view.PreviewFilter, { kind: K }>;
const filterShapes: readonly Guard<view.PreviewFilter>[] = [
  shape<FilterOf<'field'>>({
    kind: oneOf('field'),
    field: text,
    test: oneOf<view.FieldTest>('contains', 'equals', 'absent', 'greater', 'less'),
    value: text,
  }),
  shape<FilterOf<'length'>>({ kind: oneOf('length'), from: between(0, 1e12), to: between(0, Infinity) }),
  shape<FilterOf<'finding'>>({ kind: oneOf('finding'), code: text }),
  shape<FilterOf<'looks'>>({ kind: oneOf('looks'), looks }),
  shape<FilterOf<'broken'>>({ kind: oneOf('broken') }),
  shape<FilterOf<'excluded'>>({ kind: oneOf('excluded'), excluded: flag }),
];

export const isQuery = shape<view.PreviewQuery>({
  text,
  isRegex: flag,
  isCaseSensitive: flag,
  filters: list(isFilter, 50),
  sort: oneOf('file', 'length', 'turns', 'tokens'),
  isDescending: flag,
  sample: between(0, 1e6),
});

function request<P, R>(method: string, isParams: Guard<P>, isReply: Guard<R>, timeout: number): PanelRequest<P, R> {
  return { method, isParams, isReply, timeout };
}

const nothing: Guard<object> = isObject;
const done = shape<{ readonly done: boolean }>({ done: flag });
const soon = 15_000;
/** A person may have to answer a dialog of the host first, and a large file takes its time. */
const withDialog = 30 * 60_000;

export interface PageParams {
  /** Position in the view, from 0. */
  readonly from: number;
  readonly count: number;
}

/** Everything that a preview may ask. Rows are told by number; the host knows the file. */
export const previewRequests = {
  page: request(
    'page',
    shape<PageParams>({ from: count, count: between(1, 500) }),
    shape<{ readonly rows: readonly view.RowSummary[] }>({ rows: list(isSummary, 500) }),
    soon,
  ),
  detail: request('detail', shape<{ readonly row: number }>({ row: count }), isDetail, 60_000),
  /** Position in the view of a row, or -1. */
  position: request(
    'position',
    shape<{ readonly row: number }>({ row: count }),
    shape<{ readonly position: number }>({ position: number }),
    soon,
  ),
  query: request('query', isQuery, done, soon),
  statistics: request('statistics', shape<{ readonly all: boolean }>({ all: flag }), done, soon),
  /** Ends what goes over the rows. */
  cancel: request('cancel', nothing, done, soon),
  useConfig: request('useConfig', shape<{ readonly name: string }>({ name: text }), done, 120_000),
  /** Leaves a row out of training, or takes it back: written to the sidecar. */
  exclude: request(
    'exclude',
    shape<{ readonly rows: readonly number[]; readonly excluded: boolean }>({
      rows: list(count, 100_000),
      excluded: flag,
    }),
    done,
    60_000,
  ),
  /** The rows in view are left out, or taken back; the host asks first. */
  excludeView: request('excludeView', shape<{ readonly excluded: boolean }>({ excluded: flag }), done, withDialog),
  openRow: request('openRow', shape<{ readonly row: number }>({ row: count }), done, soon),
  copyRow: request('copyRow', shape<{ readonly row: number }>({ row: count }), done, soon),
  /** Writes the rows in view to a file; the host asks where to. */
  exportView: request('exportView', nothing, done, withDialog),
  /** The host asks to what. */
  convert: request('convert', nothing, done, withDialog),
  openConfig: request('openConfig', nothing, done, soon),
} as const;

export type PreviewMethod = keyof typeof previewRequests;
type Guarded<G> = G extends Guard<infer T> ? T : never;
export type PreviewParams<M extends PreviewMethod> = Guarded<(typeof previewRequests)[M]['isParams']>;
export type PreviewReply<M extends PreviewMethod> = Guarded<(typeof previewRequests)[M]['isReply']>;

export type PreviewRequestMessage = {
  readonly [M in PreviewMethod]: {
    readonly type: 'request';
    readonly id: number;
    readonly method: M;
    readonly params: PreviewParams<M>;
  };
}[PreviewMethod];

/** What the panel says. */
export type PreviewPanelMessage =
  { readonly type: 'ready' } | PreviewRequestMessage | { readonly type: 'trouble'; readonly text: string };

const isReady = shape<{ type: 'ready' }>({ type: oneOf('ready') });
const isTrouble = shape<{ type: 'trouble'; text: string }>({ type: oneOf('trouble'), text });
const isRequestShape = shape<{ type: 'request'; id: number; method: string }>({
  type: oneOf('request'),
  id: count,
  method: text,
});
const isRequest = (value: unknown): value is PreviewRequestMessage =>
  isRequestShape(value) &&
  isPreviewMethod(value.method) &&
  previewRequests[value.method].isParams('params' in value ? value.params : undefined);

export function isPreviewMethod(name: string): name is PreviewMethod {
  return Object.hasOwn(previewRequests, name);
}

/** A message as it came from the panel, or a sentence on what is wrong with it. */
export function readPreviewMessage(
  value: unknown,
): PreviewPanelMessage | { readonly type: 'malformed'; readonly problem: string } {
  if (isReady(value)) return { type: 'ready' };
  if (isTrouble(value)) return { type: 'trouble', text: value.text.slice(0, 4000) };
  if (isRequest(value)) return value;
  return { type: 'malformed', problem: 'The message is of no known form, or its parameters are malformed.' };
}

/** The first message to a preview. */
export interface PreviewSnapshot {
  readonly type: 'snapshot';
  readonly panel: 'preview';
  readonly strings: PanelStrings;
  /** BCP 47. */
  readonly locale: string;
  readonly state: view.PreviewState;
}

/** What the host says to a preview. */
export type PreviewHostMessage =
  | PreviewSnapshot
  | SnapshotFailure
  | { readonly type: 'state'; readonly state: view.PreviewState }
  /** The cursor stands in this row. */
  | { readonly type: 'select'; readonly row: number }
  | { readonly type: 'reply'; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly type: 'reply'; readonly id: number; readonly ok: false; readonly problem: string };

const isTask = shape<view.PreviewTask>({ done: count, total: count });
const isBucket = shape<view.Bucket>({ name: text, rows: count });
const isHistogram = shape<view.LengthHistogram>({
  of: text,
  total: number,
  median: number,
  p95: number,
  longest: number,
  lengths: list(number),
  rows: list(number),
});
const isColumn = shape<view.PreviewColumn>({ name: text, types: list(text, 20), share: number });

const isStatistics = shape<view.PreviewStatistics>({
  rows: count,
  ofRows: count,
  isSample: flag,
  isDone: flag,
  unit: oneOf('tokens', 'characters'),
  lengths: isHistogram,
  roles: list(isHistogram, 20),
  trainedShare: (value): value is number | null => value === null || number(value),
  broken: count,
  refused: count,
  untrained: count,
  turns: list(isBucket, 1000),
  languages: list(isBucket, 1000),
  labels: list(isBucket, 1000),
  duplicates: count,
  findings: list(shape<view.PreviewStatistics['findings'][number]>({ name: text, rows: count, severity }), 1000),
  columns: list(isColumn, 1000),
});

const isConfig = shape<view.PreviewConfig>({
  name: text,
  model: text,
  maxLength: count,
  template: text,
  trainOn: text,
  overflow: oneOf('truncate', 'drop', 'error'),
});

/** Guards the state that comes from the reading process as well as that which goes to the panel. */
export const isPreviewState = shape<view.PreviewState>({
  name: text,
  kind: oneOf<view.PreviewKind>('lines', 'array', 'csv', 'parquet'),
  isGzip: flag,
  bytes: count,
  version: count,
  rows: count,
  isIndexed: flag,
  indexed: number,
  problem: optional(text),
  looks,
  fields: list(text, 1000),
  excluded: count,
  configs: list(text, 1000),
  config: (value): value is view.PreviewConfig | null => value === null || isConfig(value),
  configProblem: optional(text),
  view: shape<view.PreviewState['view']>({
    isQuery: flag,
    rows: count,
    task: optional(isTask),
    problem: optional(text),
  }),
  statistics: (value): value is view.PreviewStatistics | null => value === null || isStatistics(value),
  statisticsTask: optional(isTask),
});

const isStrings = (value: unknown): value is PanelStrings =>
  isObject(value) && Object.values(value).every((item) => typeof item === 'string');

const hostShapes: readonly Guard<PreviewHostMessage>[] = [
  isSnapshotFailure,
  shape<Extract<PreviewHostMessage, { type: 'state' }>>({ type: oneOf('state'), state: isPreviewState }),
  shape<Extract<PreviewHostMessage, { type: 'select' }>>({ type: oneOf('select'), row: count }),
  shape<{ type: 'reply'; id: number; ok: false; problem: string }>({
    type: oneOf('reply'),
    id: count,
    ok: (value): value is false => value === false,
    problem: text,
  }),
  (value): value is PreviewHostMessage =>
    shape<{ type: 'reply'; id: number; ok: boolean }>({ type: oneOf('reply'), id: count, ok: flag })(value) && value.ok,
  shape<PreviewSnapshot>({
    type: oneOf('snapshot'),
    panel: oneOf('preview'),
    strings: isStrings,
    locale: text,
    state: isPreviewState,
  }),
];

/** True for a message of the host that a preview may use; the result of a reply is checked by who asked. */
export function isPreviewHostMessage(value: unknown): value is PreviewHostMessage {
  return hostShapes.some((guard) => guard(value));
}
