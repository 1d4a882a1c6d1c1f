// What a dataset preview shows, as plain data: the process that reads the file makes it, the panel draws it.

/** How the rows of a file are laid out. */
export type PreviewKind = 'lines' | 'array' | 'csv' | 'parquet';

/** What a row looks like (data/formats/detect.ts). */
export type PreviewLooks =
  | 'messages'
  | 'conversations'
  | 'prompt_completion'
  | 'reasoning'
  | 'instruction'
  | 'text'
  | 'preference'
  | 'prompt'
  | 'unknown';

export type PreviewSpeaker = 'system' | 'user' | 'assistant' | 'tool' | 'text';

/** A row in the list: one line of text and a few facts. */
export interface RowSummary {
  /** Number in the file, from 0. */
  readonly row: number;
  /** Line of the file, or row number in Parquet, from 1. */
  readonly line: number;
  readonly looks: PreviewLooks;
  /** The beginning of what is asked, on one line. */
  readonly text: string;
  /** The beginning of what is answered, on one line; empty for rows without an answer. */
  readonly answer: string;
  readonly turns: number;
  readonly bytes: number;
  readonly excluded: boolean;
  /** Why the row cannot be read. */
  readonly problem?: string;
}

export interface PreviewTurn {
  readonly speaker: PreviewSpeaker;
  readonly text: string;
  /** The assistant's thinking before its answer. */
  readonly thinking?: string;
  /** Calls that the turn makes: name and arguments as JSON. */
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
  /** Given to the model but never trained. */
  readonly isContext?: boolean;
}

export interface PreviewFinding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly message: string;
}

/** One row with all that is shown of it; long texts are cut. */
export interface RowDetail extends RowSummary {
  readonly conversation: readonly PreviewTurn[];
  /** Of a preference row: both answers as texts. */
  readonly pair?: { readonly chosen: string; readonly rejected: string };
  /** Fields beside what was said, as texts. */
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** The row's JSON, indented when it can be read. */
  readonly raw: string;
  /** True when a text was cut to be shown. */
  readonly cut: boolean;
  readonly findings: readonly PreviewFinding[];
  readonly tokens?: RowTokens;
  /** Why there are no tokens: no config, or what the template says. */
  readonly noTokens?: string;
}

/** Tokens as the trainer makes them. */
export interface RowTokens {
  /** Text of each token, as far as they are shown; the rest of a token that is part of a character is empty. */
  readonly pieces: readonly string[];
  readonly ids: readonly number[];
  /** 0 = context, 1 = trained, 2 = cut off by max_length and not trained, 3 = cut off and would have been trained. */
  readonly kinds: readonly number[];
  /** All tokens of the row, before max_length. */
  readonly total: number;
  /** Trained tokens that are left after max_length, and those that it cuts off. */
  readonly trained: number;
  readonly lost: number;
}

/** A config that names this file, or one that the person chose. */
export interface PreviewConfig {
  /** Relative to the workspace folder. */
  readonly name: string;
  readonly model: string;
  /** Tokens. */
  readonly maxLength: number;
  readonly template: string;
  readonly trainOn: string;
  readonly overflow: 'truncate' | 'drop' | 'error';
}

export interface PreviewColumn {
  readonly name: string;
  /** Types of its values, most frequent first: `text`, `number`, `list`, … */
  readonly types: readonly string[];
  /** Share of the rows looked at that have it. */
  readonly share: number;
}

export interface Bucket {
  readonly name: string;
  readonly rows: number;
}

export interface LengthHistogram {
  /** Who speaks, or `row` for whole rows. */
  readonly of: string;
  readonly total: number;
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
  /** Distinct lengths, ascending, and rows of each; lengths are rounded up where there are very many. */
  readonly lengths: readonly number[];
  readonly rows: readonly number[];
}

export interface PreviewStatistics {
  /** Rows that were looked at, chosen at random when it is a sample. */
  readonly rows: number;
  readonly ofRows: number;
  readonly isSample: boolean;
  readonly isDone: boolean;
  readonly unit: 'tokens' | 'characters';
  readonly lengths: LengthHistogram;
  readonly roles: readonly LengthHistogram[];
  /** Of the tokens that a run keeps, as `finetune check` tells it; null without a config. */
  readonly trainedShare: number | null;
  readonly broken: number;
  /** Rows that the template refuses, or that teach nothing. */
  readonly refused: number;
  readonly untrained: number;
  readonly turns: readonly Bucket[];
  readonly languages: readonly Bucket[];
  /** Short answers that come again and again; empty when answers are texts. */
  readonly labels: readonly Bucket[];
  readonly duplicates: number;
  readonly findings: readonly (Bucket & { readonly severity: PreviewFinding['severity'] })[];
  readonly columns: readonly PreviewColumn[];
}

/** Progress of something that goes over the rows. */
export interface PreviewTask {
  readonly done: number;
  readonly total: number;
}

export interface PreviewState {
  readonly name: string;
  readonly kind: PreviewKind;
  readonly isGzip: boolean;
  readonly bytes: number;
  /** Raised when rows may have changed: what was read before is to be forgotten. */
  readonly version: number;
  readonly rows: number;
  readonly isIndexed: boolean;
  /** Share of the file that the index has got to. */
  readonly indexed: number;
  /** What ended the reading. */
  readonly problem?: string;
  readonly looks: PreviewLooks;
  /** Fields of the first rows. */
  readonly fields: readonly string[];
  readonly excluded: number;
  readonly configs: readonly string[];
  readonly config: PreviewConfig | null;
  /** Why the config gives no tokens. */
  readonly configProblem?: string;
  /** The rows in view: all of them, or what the query found. */
  readonly view: {
    readonly isQuery: boolean;
    readonly rows: number;
    /** Present while rows are still looked at. */
    readonly task?: PreviewTask;
    readonly problem?: string;
  };
  readonly statistics: PreviewStatistics | null;
  readonly statisticsTask?: PreviewTask;
}

/** What is looked for; an empty query shows the file as it is. */
export interface PreviewQuery {
  readonly text: string;
  readonly isRegex: boolean;
  readonly isCaseSensitive: boolean;
  readonly filters: readonly PreviewFilter[];
  readonly sort: 'file' | 'length' | 'turns' | 'tokens';
  readonly isDescending: boolean;
  /** Rows taken at random of those found; 0 = all. */
  readonly sample: number;
}

/** Everything, in the order of the file. */
export const emptyQuery: PreviewQuery = {
  text: '',
  isRegex: false,
  isCaseSensitive: false,
  filters: [],
  sort: 'file',
  isDescending: false,
  sample: 0,
};

export type FieldTest = 'contains' | 'equals' | 'absent' | 'greater' | 'less';

export type PreviewFilter =
  | { readonly kind: 'field'; readonly field: string; readonly test: FieldTest; readonly value: string }
  /** Tokens where a config is there, else characters; both included. */
  | { readonly kind: 'length'; readonly from: number; readonly to: number }
  /** A finding's code, of those that the statistics have found. */
  | { readonly kind: 'finding'; readonly code: string }
  | { readonly kind: 'looks'; readonly looks: PreviewLooks }
  | { readonly kind: 'broken' }
  | { readonly kind: 'excluded'; readonly excluded: boolean };

/** A role that turns of a dataset are written with. */
export interface WrittenRole {
  readonly name: string;
  /** The key of a turn that it stands under. */
  readonly field: 'role' | 'from';
  /** Whether a format reads it as one of its own. */
  readonly isKnown: boolean;
  readonly turns: number;
}

/** Formats that rows can be converted to; `jsonl` keeps the fields as they are. */
export const conversionTargets = ['messages', 'conversations', 'instruction', 'prompt_completion', 'jsonl'] as const;
export type ConversionTarget = (typeof conversionTargets)[number];
