// A short run as its trainer tells it, for tests of what reads events.
import type { EventDraft, TrainerEvent } from '../../src/protocol/events.ts';

/** Numbers and dates drafts as the trainer's writer does: one second apart. */
export function numbered(drafts: readonly EventDraft[]): TrainerEvent[] {
  const start = Date.parse('2026-01-02T03:04:05.000Z');
  return drafts.map((draft, seq) => ({ seq, time: new Date(start + seq * 1000).toISOString(), ...draft }));
}

export const hello: EventDraft = {
  type: 'hello',
  protocol: 1,
  run_id: 'demo',
  pid: 1,
  package_version: '0.1.0',
  node: 'v20.19.0',
  platform: 'linux-x64',
};

export const progress: EventDraft = { type: 'progress', stage: 'model', message: 'Opening the model', fraction: 0.456 };

export const started: EventDraft = {
  type: 'started',
  plan: {
    total_steps: 20,
    epochs: 1,
    steps_per_epoch: 20,
    rows_per_step: 4,
    train_rows: 80,
    validation_rows: 8,
    train_tokens: 12_000,
    trained_tokens: 4800,
    learning_rate: 2e-4,
  },
  model: {
    architecture: 'LlamaForCausalLM',
    total_parameters: 134_515_008,
    trainable_parameters: 4_884_480,
    context_length: 2048,
  },
  device: 'cpu',
  threads: 2,
  config: {},
  decisions: [],
  estimates: { memory_bytes: 1_850_000_000, seconds: 95, disk_bytes: 20_000_000 },
};

export function step(number: number, loss: number): EventDraft {
  return {
    type: 'step',
    step: number,
    epoch: number / 20,
    loss,
    learning_rate: 2e-4,
    grad_norm: 1,
    tokens: 600,
    trained_tokens: 240,
    tokens_per_second: 300,
    memory_bytes: 1_500_000_000,
    seconds: 2,
    rows: [],
  };
}

export const evaluated: EventDraft = {
  type: 'evaluated',
  step: 20,
  loss: 1.5,
  perplexity: 4.4817,
  rows: 8,
  trained_tokens: 400,
  seconds: 1,
  best: true,
  worst_rows: [],
};

export const finished: EventDraft = {
  type: 'finished',
  outcome: 'completed',
  step: 20,
  result: { kind: 'adapter', path: 'adapter', step: 20 },
  took: {
    seconds: 95,
    steps: 20,
    tokens: 12_000,
    trained_tokens: 4800,
    tokens_per_second: 302,
    peak_memory_bytes: 1_600_000_000,
    disk_bytes: 20_000_000,
  },
};

export const failed: EventDraft = {
  type: 'failed',
  step: 3,
  cause: { code: 'training/out-of-memory', message: 'There is not enough memory for this run.' },
  evidence: ['The step needs about 9.1 GB and 7.7 GB are available.'],
  remedies: [
    {
      text: 'Use shorter rows',
      set: { 'data.max_length': 512 },
      saves: { memory_bytes: 2_400_000_000 },
    },
  ],
};
