// One full example of every trainer event and command, for contract and reducer tests.

import type { TrainerCommand, TrainerCommandType } from '../../src/protocol/commands.ts';
import type { EventBodies, TrainerEventType } from '../../src/protocol/events.ts';

const row = { id: 'data/train.jsonl:12', loss: 2.5, tokens: 7 };
const problem = {
  code: 'data/invalid-json',
  message: 'Line 3 is not JSON.',
  place: { file: 'data/train.jsonl', line: 3, column: 1 },
  details: ['It ends early.'],
};

/** Every optional field is given, so that a test can compare keys with the schema. */
export const fullEvents: { readonly [T in TrainerEventType]: Required<EventBodies[T]> } = {
  hello: { protocol: 1, run_id: 'r', pid: 7, package_version: '0.1.0', node: 'v20.19.0', platform: 'linux-x64' },
  progress: { stage: 'data', message: 'Tokenising', fraction: 0.5, seconds_left: 3 },
  started: {
    plan: {
      total_steps: 10,
      epochs: 1,
      steps_per_epoch: 10,
      rows_per_step: 4,
      train_rows: 40,
      validation_rows: 4,
      train_tokens: 400,
      trained_tokens: 200,
      learning_rate: 1e-4,
    },
    model: { architecture: 'llama', total_parameters: 100, trainable_parameters: 10, context_length: 64 },
    device: 'cpu',
    threads: 2,
    config: { method: 'lora' },
    decisions: [{ path: 'device', value: 'cpu', source: 'auto', reason: 'No GPU was found.' }],
    estimates: { memory_bytes: 1e9, seconds: 60, disk_bytes: 1e6, flops_per_step: 1e12 },
  },
  step: {
    step: 1,
    epoch: 0.1,
    loss: 2.5,
    learning_rate: 1e-4,
    grad_norm: 1.5,
    tokens: 100,
    trained_tokens: 50,
    tokens_per_second: 500,
    memory_bytes: 1e9,
    seconds: 0.2,
    rows: [row],
    metrics: { 'rewards/margins': 0.5 },
  },
  probed: { step: 7, tokens: 512, memory_bytes: 2e9, seconds: 1.5 },
  evaluated: {
    step: 1,
    loss: 2.4,
    perplexity: 11.02,
    rows: 4,
    trained_tokens: 20,
    seconds: 0.1,
    best: true,
    worst_rows: [row],
    metrics: { 'rewards/accuracies': 0.75 },
  },
  sample: { step: 1, prompt: 'Hello', answer: 'NaN', tokens: 2, seconds: 0.1 },
  checkpoint: {
    step: 1,
    path: 'checkpoints/step-1',
    bytes: 1000,
    seconds: 0.1,
    reason: 'scheduled',
    removed: ['checkpoints/step-0'],
  },
  warning: { step: 1, problem },
  paused: { step: 1 },
  resumed: { step: 1, after: 'restart', checkpoint: 'checkpoints/step-1' },
  setting_changed: { setting: 'learning_rate', value: 1e-5, previous: 1e-4, step: 2 },
  acknowledged: { command: 'pause', id: '1', accepted: false, reason: 'The run has ended.' },
  finished: {
    outcome: 'completed',
    step: 10,
    result: { kind: 'adapter', path: 'adapter', step: 10, output: '/tmp/out' },
    best: { step: 8, best_value: 2, checkpoint: 'checkpoints/step-8' },
    took: {
      seconds: 60,
      steps: 10,
      tokens: 1000,
      trained_tokens: 500,
      tokens_per_second: 16,
      peak_memory_bytes: 1e9,
      disk_bytes: 1e6,
    },
  },
  failed: {
    step: 3,
    cause: problem,
    evidence: ['loss NaN'],
    remedies: [
      { text: 'Lower it.', set: { 'training.learning_rate': 1e-5 }, saves: { memory_bytes: 1, disk_bytes: 2 } },
    ],
  },
};

export const fullCommands: { readonly [T in TrainerCommandType]: Extract<TrainerCommand, { type: T }> } = {
  pause: { type: 'pause', id: '1' },
  resume: { type: 'resume', id: '2' },
  'stop-and-save': { type: 'stop-and-save', id: '3' },
  'stop-now': { type: 'stop-now', id: '4' },
  'checkpoint-now': { type: 'checkpoint-now', id: '5' },
  set: { type: 'set', id: '6', learning_rate: 1e-4 },
};
