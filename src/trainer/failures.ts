// Errors in a person's words: what happened, how one can see it, what to change. No stack traces here.

import type { StepResult } from '../engine/session.ts';
import type { ProblemReport, Remedy } from '../protocol/events.ts';
import { formatPlace, ProblemError, type Problem } from '../protocol/problem.ts';
import type { RunState } from '../protocol/runState.ts';
import { toArray } from '../protocol/series.ts';

export interface Failure {
  readonly cause: ProblemReport;
  readonly evidence: readonly string[];
  readonly remedies: readonly Remedy[];
}

/** What is known about the run when it fails; all of it helps to give better advice. */
export interface FailureContext {
  readonly runFolder: string;
  readonly step?: number;
  readonly config?: MemorySettings & {
    readonly learningRate: number;
    readonly trainOn: string;
    readonly maxLength: number;
    /** Absent where steps say how long the warm-up is. */
    readonly warmupRatio?: number | undefined;
    readonly maxGradNorm: number;
  };
  /** What the log tells of weights that were broken before the step that failed. */
  readonly broken?: BrokenWeights;
  /** Peak bytes of a step under other settings. */
  readonly estimateMemory?: (settings: MemorySettings) => number;
}

export interface BrokenWeights {
  /** The first of the last evaluations whose loss was not a number. */
  readonly evaluatedAt: number;
  /** The newest checkpoint from before. */
  readonly checkpointBefore?: number;
}

/** The settings that decide how much memory a step needs. */
export interface MemorySettings {
  readonly batchSize: number;
  readonly accumulation: number;
  readonly maxLength: number;
  readonly gradientCheckpointing: boolean;
  readonly rank?: number;
}

/** A warm-up, as a share of the steps, and a norm of gradients that calm a run that diverges. */
const longWarmup = 0.1;
const lowNorm = 0.3;

/** A step whose loss or gradient is not a finite number; carried to `explainFailure`. */
export class NonFiniteLossError extends ProblemError {
  readonly step: number;
  readonly learningRate: number;
  readonly rows: readonly string[];

  constructor(step: number, learningRate: number, what: string, rows: readonly string[]) {
    super([{ code: 'training/non-finite', severity: 'error', message: `Step ${step}: ${what}.` }]);
    this.step = step;
    this.learningRate = learningRate;
    this.rows = rows;
  }
}

/** The error for a step that diverged; names the rows whose own loss is not finite, or else all of the step. */
export function nonFiniteLoss(step: number, result: StepResult, learningRate: number): NonFiniteLossError {
  const broken = result.rows.filter((row) => !Number.isFinite(row.lossSum));
  const rows = (broken.length > 0 ? broken : result.rows).map((row) => row.sampleId);
  const what = Number.isFinite(result.loss)
    ? `the loss is ${result.loss.toPrecision(4)}, but the gradient norm is ${result.gradNorm}`
    : `the loss is ${result.loss}`;
  return new NonFiniteLossError(step, learningRate, what, rows);
}

/** Whether evaluations before a failure had found the weights broken already, by what the log tells. */
export function brokenWeights({ evaluations, checkpoints }: RunState): BrokenWeights | undefined {
  const all = toArray(evaluations);
  const first = all[all.findLastIndex(({ loss }) => Number.isFinite(loss)) + 1];
  if (!first) return undefined;
  const before = checkpoints.findLast(({ step }) => step < first.step);
  return { evaluatedAt: first.step, ...(before ? { checkpointBefore: before.step } : {}) };
}

/** Turns whatever ended a run into cause, evidence and remedies. Never throws. */
export function explainFailure(error: unknown, context: FailureContext): Failure {
  if (error instanceof NonFiniteLossError) return nonFinite(error, context);
  const text = messageOf(error);
  if (isOutOfMemory(error, text)) return outOfMemory([firstLine(text), ...detailsOf(error)], context);
  const code = codeOf(error);
  if (code === 'ENOSPC' || hasCode(error, /disk-full/) || code === 'EDQUOT' || code === 'EFBIG') {
    return diskFull(error, text, context);
  }
  const torch = error instanceof ProblemError ? torchFailure(error, context) : undefined;
  if (torch) return torch;
  if (error instanceof ProblemError) return fromProblem(error, context);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST')
    return unwritable(error, text);
  return {
    cause: { code: 'trainer/unexpected', message: `The run ended with an unexpected error: ${firstLine(text)}` },
    evidence: [`The full error is in ${context.runFolder}/trainer.log.`],
    remedies: [{ text: 'Resume the run: it goes on from its last checkpoint, or begins anew where there is none.' }],
  };
}

function nonFinite(error: NonFiniteLossError, { config, broken }: FailureContext): Failure {
  const rate = error.learningRate;
  const lower = config ? config.learningRate / 4 : rate / 4;
  const { warmupRatio, maxGradNorm } = config ?? { warmupRatio: 0, maxGradNorm: 1 };
  return {
    cause: {
      code: 'training/non-finite',
      message: `Training diverged: ${error.problems[0]?.message ?? 'the loss is not a number.'}`,
    },
    evidence: [
      `The learning rate of this step was ${rate.toPrecision(3)}.`,
      `Rows of this step: ${error.rows.slice(0, 16).join(', ')}${error.rows.length > 16 ? ' …' : ''}`,
      broken
        ? `The evaluation after step ${broken.evaluatedAt} was not a number either: the weights were broken by then, and checkpoints from there on hold them.`
        : 'The weights were left as they were before this step.',
    ],
    remedies: [
      {
        text: `Lower the learning rate to ${lower.toPrecision(2)}.`,
        set: { 'training.learning_rate': Number(lower.toPrecision(2)) },
      },
      ...(warmupRatio !== undefined && warmupRatio < longWarmup
        ? [{ text: 'Warm up for longer.', set: { 'training.warmup_ratio': longWarmup } }]
        : []),
      ...(maxGradNorm === 0 || maxGradNorm > lowNorm
        ? [{ text: 'Clip gradients at a lower norm.', set: { 'training.max_grad_norm': lowNorm } }]
        : []),
      ...(broken?.checkpointBefore === undefined
        ? []
        : [
            {
              text: `Resume the run: it goes on from the checkpoint of step ${broken.checkpointBefore}, which was written before.`,
            },
          ]),
      { text: 'Look at the rows named above for text that is broken or very unlike the rest.' },
    ],
  };
}

function outOfMemory(found: readonly string[], context: FailureContext): Failure {
  return {
    cause: { code: 'training/out-of-memory', message: 'There is too little memory for this run.' },
    evidence: [
      ...found,
      context.step === undefined ? 'No step had been taken.' : `It happened after step ${context.step}.`,
    ],
    remedies: memoryRemedies(context),
  };
}

/** The three settings that help most, with what each saves; without an estimate those that may help. */
function memoryRemedies({ config, estimateMemory }: FailureContext): Remedy[] {
  if (!config) return [lastResort];
  const now = estimateMemory?.(config);
  const candidates: { settings: MemorySettings; text: string; set: Remedy['set'] & object }[] = [];
  if (!config.gradientCheckpointing) {
    candidates.push({
      settings: { ...config, gradientCheckpointing: true },
      text: 'Compute activations again instead of keeping them (about a quarter more time, the same numbers).',
      set: { 'training.gradient_checkpointing': true },
    });
  }
  if (config.batchSize > 1) {
    const batchSize = partOf(config.batchSize);
    const accumulation = (config.batchSize * config.accumulation) / batchSize;
    candidates.push({
      settings: { ...config, batchSize, accumulation },
      text: `Take ${batchSize} ${batchSize === 1 ? 'row' : 'rows'} at a time and add up ${accumulation} times: the same steps, in smaller pieces.`,
      set: { 'training.batch_size': batchSize, 'training.gradient_accumulation_steps': accumulation },
    });
  }
  if (config.maxLength > 128) {
    const maxLength = Math.max(128, Math.floor(config.maxLength / 2));
    candidates.push({
      settings: { ...config, maxLength },
      text: `Cut rows at ${maxLength} tokens.`,
      set: { 'data.max_length': maxLength },
    });
  }
  if (config.rank !== undefined && config.rank > 4) {
    const rank = Math.ceil(config.rank / 2);
    candidates.push({
      settings: { ...config, rank },
      text: `Use adapters of rank ${rank}.`,
      set: { 'lora.rank': rank },
    });
  }
  const found = candidates
    .map(({ settings, text, set }) => ({
      text,
      set,
      saved: now === undefined ? 0 : now - (estimateMemory?.(settings) ?? now),
    }))
    .filter(({ saved }) => now === undefined || saved > 0)
    .toSorted((a, b) => b.saved - a.saved)
    .slice(0, 3)
    .map(({ text, set, saved }) =>
      saved > 0 ? { text, set, saves: { memory_bytes: Math.round(saved) } } : { text, set },
    );
  return found.length > 0 ? found : [lastResort];
}

const lastResort = { text: 'Use a smaller model, shorter rows (data.max_length) or a smaller training.batch_size.' };

/** The largest part, up to a half, that goes a whole number of times into a batch. */
function partOf(batch: number): number {
  let part = Math.floor(batch / 2);
  while (batch % part !== 0) part--;
  return part;
}

function diskFull(error: unknown, text: string, context: FailureContext): Failure {
  return {
    cause: {
      code: 'training/disk-full',
      message: 'The disk is full: the run could not be written.',
      place: { file: pathOf(error) ?? context.runFolder },
    },
    evidence: [firstLine(text), 'Nothing half-written is taken for a checkpoint; the last whole one is still there.'],
    remedies: [
      { text: 'Make room on the disk, then resume the run.' },
      { text: 'Keep fewer checkpoints.', set: { 'checkpoints.keep': 1 } },
    ],
  };
}

function unwritable(error: unknown, text: string): Failure {
  const file = pathOf(error);
  return {
    cause: {
      code: 'training/unwritable',
      message: file === undefined ? 'A file or folder cannot be written.' : `${file} cannot be written.`,
      ...(file === undefined ? {} : { place: { file } }),
    },
    evidence: [firstLine(text)],
    remedies: [
      {
        text: 'Give this user the right to write there, or choose another folder (config field output, or where the run is started).',
      },
    ],
  };
}

/** Known problems already are in a person's words; some have advice that only the trainer knows. */
function fromProblem(error: ProblemError, { config }: FailureContext): Failure {
  const [first, ...others] = error.problems.filter((found) => found.severity === 'error');
  const main = first ?? error.problems[0]!;
  const remedies: Remedy[] = [];
  if (main.code === 'data/nothing-trained') {
    if (config && config.trainOn !== 'all')
      remedies.push({ text: 'Train on every token.', set: { 'data.train_on': 'all' } });
    if (config)
      remedies.push({
        text: 'Allow longer rows, so that the answers are not cut off.',
        set: { 'data.max_length': config.maxLength * 2 },
      });
  }
  return {
    cause: reportProblem(main),
    evidence: others.slice(0, 20).map(({ place, message }) => (place ? `${formatPlace(place)}: ${message}` : message)),
    remedies,
  };
}

/** What ended the torch engine's worker, with what it said last. */
function torchFailure({ problems }: ProblemError, context: FailureContext): Failure | undefined {
  const [main] = problems;
  if (!main) return undefined;
  const again = { text: 'Resume the run: it goes on from its last checkpoint, or begins anew where there is none.' };
  const mend = { text: 'Look at the environment with `finetune doctor`; `finetune setup torch` makes it anew.' };
  const remedies: Readonly<Record<string, readonly Remedy[]>> = {
    'torch/worker-died': [again],
    'torch/worker-hung': [again, mend],
    'torch/worker-failed': [mend, again],
    'torch/cannot-start': [mend],
    'torch/no-host': [
      {
        text: 'Make `ssh` to this host work without a question (its name in `distributed.hosts`, a key, known_hosts), then resume the run.',
      },
    ],
    'torch/missing': [mend],
    'torch/slurm': [
      { text: 'Look at the partition, the limits and the options of `distributed.slurm`, then resume the run.' },
    ],
    'torch/ranks-differ': [again, { text: 'Look for a machine or a GPU among the ranks that computes wrong numbers.' }],
    'torch/refused': [mend, again],
    'torch/reward-failed': [
      {
        text: 'Mend the function that `reward.function` names (or the columns that `reward` names), then resume the run.',
      },
      ...(/did not answer within/.test(main.message)
        ? [{ text: 'If it needs more time, give it more.', set: { 'reward.timeout': 600 } }]
        : []),
    ],
    'torch/unsupported-model': [
      { text: 'Take LoRA on the embedded engine.', set: { method: 'lora', engine: 'embedded' } },
    ],
  };
  const found = remedies[main.code];
  if (!found) return undefined;
  const at = context.step === undefined ? [] : [`The last step that it finished was ${context.step}.`];
  const log = `What it printed is in ${context.runFolder}/trainer.log.`;
  const { details, ...cause } = main;
  return { cause: reportProblem(cause), evidence: [...at, ...(details ?? []), log], remedies: found };
}

/** The problem of a run whose engine lost a process, by its end or by a hang: nothing speaks against trying again. */
export function lostProcess(error: unknown): Problem | undefined {
  const [main] = error instanceof ProblemError ? error.problems : [];
  return main?.code === 'torch/worker-died' || main?.code === 'torch/worker-hung' ? main : undefined;
}

/** A problem as events tell it. */
export function reportProblem(found: Problem): ProblemReport {
  const { file, line, column } = found.place ?? {};
  return {
    code: found.code,
    message: found.message,
    ...(file === undefined
      ? {}
      : { place: { file, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) } }),
    ...(found.details ? { details: found.details } : {}),
  };
}

/** What ONNX Runtime, V8 and the system say when memory runs out. */
function isOutOfMemory(error: unknown, text: string): boolean {
  return (
    /bad_alloc|bad allocation|array buffer allocation failed|invalid (typed )?array (buffer )?length|failed to allocate memory|out of memory|heap limit/i.test(
      text,
    ) ||
    codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY' ||
    codeOf(error) === 'ENOMEM'
  );
}

function hasCode(error: unknown, pattern: RegExp): boolean {
  return error instanceof ProblemError && error.problems.some((found) => pattern.test(found.code));
}

function detailsOf(error: unknown): readonly string[] {
  return error instanceof ProblemError ? (error.problems[0]?.details ?? []) : [];
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function pathOf(error: unknown): string | undefined {
  if (error instanceof ProblemError) return error.problems[0]?.place?.file;
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof ProblemError && error.problems[0]) return error.problems[0].message;
  return error instanceof Error ? error.message : String(error);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
