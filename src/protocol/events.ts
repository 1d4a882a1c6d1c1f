// What a trainer tells: one JSON object a line on stdout and in events.jsonl. Docs: docs/events.md.

/** Raised whenever an event or command changes its shape; a reader refuses other versions by name. */
export const protocolVersion = 1;

/** Numbers that may be NaN or infinite: on the wire spelled out as `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export type AnyNumber = number;

/** Fields whose numbers may be non-finite; the codec revives spelled-out values only there, so texts stay texts. */
export const nonFiniteFields: ReadonlySet<string> = new Set(['loss', 'grad_norm', 'perplexity', 'best_value']);

/** Loss of one row, with its sample id (`file:line`). */
export interface RowReport {
  readonly id: string;
  /** Mean negative log-likelihood (nats) over the row's trained tokens; of a pair, its loss. */
  readonly loss: AnyNumber;
  readonly tokens: number;
}

/** A problem on the wire (the shape of protocol/problem.ts without its severity). */
export interface ProblemReport {
  readonly code: string;
  readonly message: string;
  readonly place?: { readonly file: string; readonly line?: number; readonly column?: number };
  readonly details?: readonly string[];
}

/** What the run is going to do. */
export interface RunPlan {
  readonly total_steps: number;
  readonly epochs: number;
  readonly steps_per_epoch: number;
  readonly rows_per_step: number;
  readonly train_rows: number;
  readonly validation_rows: number;
  /** Tokens of one epoch of the training rows, and those of them that are trained. */
  readonly train_tokens: number;
  readonly trained_tokens: number;
  readonly learning_rate: number;
}

/** What the run is expected to cost; a field is absent when it could not be estimated. */
export interface Estimates {
  readonly memory_bytes?: number;
  readonly seconds?: number;
  readonly disk_bytes?: number;
  readonly flops_per_step?: number;
}

export interface DecisionReport {
  readonly path: string;
  readonly value: unknown;
  readonly source: 'file' | 'override' | 'default' | 'auto';
  readonly reason?: string;
}

export interface ModelReport {
  readonly architecture: string;
  readonly total_parameters: number;
  readonly trainable_parameters: number;
  readonly context_length: number;
}

/** One thing to change, ready to be applied. */
export interface Remedy {
  readonly text: string;
  /** Config paths and the values to try, such as `{"training.batch_size": 2}`. */
  readonly set?: Readonly<Record<string, string | number | boolean>>;
  /** What it saves, by the estimate, in bytes. */
  readonly saves?: { readonly memory_bytes?: number; readonly disk_bytes?: number };
}

export interface EventBodies {
  /** First line of every trainer process. */
  hello: {
    readonly protocol: number;
    readonly run_id: string;
    readonly pid: number;
    readonly package_version: string;
    readonly node: string;
    readonly platform: string;
  };
  /** Stages before the first step; `fraction` is 0…1, absent while unknown. */
  progress: {
    readonly stage: 'config' | 'model' | 'data' | 'engine' | 'export';
    readonly message: string;
    readonly fraction?: number;
    readonly seconds_left?: number;
  };
  started: {
    readonly plan: RunPlan;
    readonly model: ModelReport;
    readonly device: string;
    readonly threads: number;
    readonly config: Readonly<Record<string, unknown>>;
    readonly decisions: readonly DecisionReport[];
    readonly estimates: Estimates;
  };
  /** The step that needs the most memory was tried before the first one; nothing was learned from it. */
  probed: {
    readonly step: number;
    /** Of its most demanding sequence. */
    readonly tokens: number;
    /** Peak, as steps tell it. */
    readonly memory_bytes: number;
    readonly seconds: number;
  };
  step: {
    readonly step: number;
    /** Epochs done after this step, fractional. */
    readonly epoch: number;
    /** Mean negative log-likelihood (nats) over the trained tokens of the step, or what else the objective minimises. */
    readonly loss: AnyNumber;
    readonly learning_rate: number;
    /** Global L2 norm before clipping. */
    readonly grad_norm: AnyNumber;
    readonly tokens: number;
    readonly trained_tokens: number;
    readonly tokens_per_second: number;
    /** Peak resident memory of the process so far. */
    readonly memory_bytes: number;
    readonly seconds: number;
    readonly rows: readonly RowReport[];
    /** Further numbers by name, such as `rewards/margins`; the part before the slash is their group. Finite ones only. */
    readonly metrics?: Readonly<Record<string, number>>;
  };
  evaluated: {
    readonly step: number;
    readonly loss: AnyNumber;
    /** exp(loss), where the loss is that of tokens. */
    readonly perplexity?: AnyNumber;
    readonly rows: number;
    readonly trained_tokens: number;
    readonly seconds: number;
    /** True when this is the lowest evaluation loss so far. */
    readonly best: boolean;
    /** The rows with the highest loss, worst first. */
    readonly worst_rows: readonly RowReport[];
    /** Further numbers by name, such as `rewards/margins`; the part before the slash is their group. Finite ones only. */
    readonly metrics?: Readonly<Record<string, number>>;
  };
  /** The answer to one of the config's prompts. */
  sample: {
    readonly step: number;
    readonly prompt: string;
    readonly answer: string;
    readonly tokens: number;
    readonly seconds: number;
  };
  checkpoint: {
    readonly step: number;
    /** Relative to the run folder, with forward slashes. */
    readonly path: string;
    readonly bytes: number;
    readonly seconds: number;
    readonly reason: 'scheduled' | 'best' | 'requested' | 'stopping';
    /** Older checkpoints that retention removed. */
    readonly removed: readonly string[];
  };
  warning: { readonly step?: number; readonly problem: ProblemReport };
  paused: { readonly step: number };
  /** Training goes on after `step`. After a restart, steps above it are run again and replace the earlier ones. */
  resumed: { readonly step: number; readonly after: 'pause' | 'restart'; readonly checkpoint?: string };
  setting_changed: {
    readonly setting: 'learning_rate';
    readonly value: number;
    readonly previous: number;
    /** The first step that uses the value. */
    readonly step: number;
  };
  /** The answer to a command. */
  acknowledged: {
    readonly command: string;
    readonly id: string;
    readonly accepted: boolean;
    readonly reason?: string;
  };
  finished: {
    readonly outcome: 'completed' | 'stopped' | 'early_stopped';
    readonly step: number;
    readonly result?: {
      readonly kind: 'adapter' | 'model';
      /** Relative to the run folder. */
      readonly path: string;
      /** The step whose weights were exported. */
      readonly step: number;
      /** Where a copy was laid (config `output`), absolute. */
      readonly output?: string;
    };
    readonly best?: { readonly step: number; readonly best_value: AnyNumber; readonly checkpoint?: string };
    /** What the run really took, over all its processes. */
    readonly took: {
      readonly seconds: number;
      readonly steps: number;
      readonly tokens: number;
      readonly trained_tokens: number;
      readonly tokens_per_second: number;
      readonly peak_memory_bytes: number;
      readonly disk_bytes: number;
    };
  };
  failed: {
    readonly step?: number;
    readonly cause: ProblemReport;
    readonly evidence: readonly string[];
    readonly remedies: readonly Remedy[];
  };
}

export type TrainerEventType = keyof EventBodies;

/** An event before the writer numbers and dates it. */
export type EventDraft = { [T in TrainerEventType]: { readonly type: T } & EventBodies[T] }[TrainerEventType];

/** `seq` starts at 0 and has no gaps over the whole run, resumes included; `time` is ISO 8601 in UTC. */
export interface Envelope {
  readonly seq: number;
  readonly time: string;
}

export type TrainerEvent = Envelope & EventDraft;

/** The event of one type. */
export type EventOf<T extends TrainerEventType> = Envelope & { readonly type: T } & EventBodies[T];

/** Every type of event there is; a test holds it against the schema. */
export const trainerEventTypes: readonly TrainerEventType[] = [
  'hello',
  'progress',
  'started',
  'probed',
  'step',
  'evaluated',
  'sample',
  'checkpoint',
  'warning',
  'paused',
  'resumed',
  'setting_changed',
  'acknowledged',
  'finished',
  'failed',
];
