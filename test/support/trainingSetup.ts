// A whole training made of the arithmetic session and rows in memory, for tests of the loop and of checkpoints.

import type { TokenisedDataset } from '../../src/data/dataset.ts';
import { planOrder } from '../../src/data/order.ts';
import type { TrainingSession } from '../../src/engine/session.ts';
import type { EventDraft } from '../../src/protocol/events.ts';
import { createCheckpointStore, type CheckpointLayout } from '../../src/trainer/checkpoint/store.ts';
import { createControl, type Control } from '../../src/trainer/control.ts';
import { freshState, type Training, type TrainingSettings } from '../../src/trainer/training.ts';
import { createArithmeticSession, type ArithmeticOptions } from './arithmeticSession.ts';

export const vocabulary = 8;

/** Rows that count upwards modulo the vocabulary, from different starts and of different lengths. */
export function countingRows(count: number, name = 'train.jsonl'): TokenisedDataset {
  const row = (index: number) => {
    const tokens = Int32Array.from({ length: 3 + (index % 5) }, (_, t) => (index * 3 + t) % vocabulary);
    return { sampleId: `${name}:${index + 1}`, tokens, mask: new Uint8Array(tokens.length).fill(1) };
  };
  const lengths = Array.from({ length: count }, (_, i) => row(i).tokens.length);
  const tokens = lengths.reduce((a, b) => a + b, 0);
  return {
    length: count,
    totals: { rows: count, tokens, trainedTokens: tokens - count },
    row,
    tokenCount: (index) => lengths[index]!,
    trainedCount: (index) => lengths[index]! - 1,
    sampleId: (index) => row(index).sampleId,
  };
}

export const adapterLayout: CheckpointLayout = {
  trainedFile: 'adapter_model.safetensors',
  storedName: (name) => `base_model.model.${name}`,
  sessionName: (name) => name.replace(/^base_model\.model\./, ''),
  textFiles: { 'adapter_config.json': '{}\n' },
};

export interface Setup {
  readonly training: Training;
  readonly session: TrainingSession;
  readonly control: Control;
  readonly events: EventDraft[];
}

export interface SetupOptions {
  readonly settings?: Partial<TrainingSettings>;
  readonly session?: Partial<ArithmeticOptions>;
  readonly onEvent?: (event: EventDraft, control: Control) => void;
  readonly keep?: number;
  readonly prompts?: readonly string[];
}

/** 12 steps of 4 rows in epochs of 5 steps, a checkpoint every 5 steps, an evaluation every 4. */
export function setUp(folder: string, options: SetupOptions = {}): Setup {
  const events: EventDraft[] = [];
  const report = (event: EventDraft): void => {
    events.push(event);
    options.onEvent?.(event, control);
  };
  const control = createControl(report, () => Promise.resolve());
  const train = countingRows(19);
  const session = createArithmeticSession({ vocabulary, seed: 1, ...options.session });
  const settings: TrainingSettings = {
    totalSteps: 12,
    capacity: 16,
    evaluateEvery: 4,
    isLikelihood: true,
    evaluateAtStart: false,
    checkpointEvery: 5,
    keepBest: true,
    earlyStopping: undefined,
    ...options.settings,
  };
  const keep = { keep: options.keep ?? 2, keepBest: settings.keepBest };
  let time = 0;
  const training: Training = {
    session,
    train,
    validation: countingRows(5, 'validation.jsonl'),
    order: planOrder({ rows: train.length, rowsPerStep: 4, order: 'random', seed: 42 }),
    schedule: { kind: 'cosine', learningRate: 0.1, totalSteps: 12, warmupSteps: 2, minLrRatio: 0, decaySteps: 0 },
    settings,
    watch: {
      prompts: (options.prompts ?? []).map((text) => ({ text, tokens: Int32Array.from(text, Number) })),
      settings: {
        maxNewTokens: 5,
        temperature: 0,
        topK: 0,
        topP: 1,
        repetitionPenalty: 1,
        stopTokenIds: [7],
        seed: 0,
      },
      decode: (tokens) => tokens.join(''),
    },
    control,
    checkpoints: createCheckpointStore(folder, keep, adapterLayout, () => {}),
    report,
    track: () => {},
    clock: () => (time += 10),
    state: freshState,
  };
  return { training, session, control, events };
}

/** All numbers of a session: weights, then optimiser state. */
export async function numbersOf(session: TrainingSession): Promise<number[]> {
  const numbers: number[] = [];
  for await (const tensor of session.trainedTensors()) numbers.push(...tensor.data);
  for await (const tensor of session.optimizerTensors()) numbers.push(...tensor.data);
  return numbers;
}
