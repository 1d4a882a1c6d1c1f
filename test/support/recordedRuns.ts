// Event streams as trainers write them, made up but plausible: noise, a spike, evaluations, answers, checkpoints, a restart.
import type { EventDraft, RowReport, TrainerEvent } from '../../src/protocol/events.ts';
import { uniform } from './random.ts';

export interface RecordedRun {
  readonly name: string;
  /** Steps taken, and planned. */
  readonly steps: number;
  readonly total: number;
  readonly learningRate?: number;
  /** Lower is better: where the loss ends. */
  readonly floor?: number;
  readonly spikeAt?: number;
  readonly ending?: 'finished' | 'failed';
  readonly restartAfter?: number;
  readonly newRateAt?: number;
  readonly warnAt?: number;
  readonly metrics?: boolean;
  /** Texts that must never be taken for HTML. */
  readonly hostile?: boolean;
  /** Events before the first step only. */
  readonly preparing?: boolean;
}

export const hostileText = `<script>window.pwned=1</script><img src=x onerror="window.pwned=2">`;

const answers = [
  [
    '{"topic": "bill',
    '{"topic": "invoice"}',
    '{"topic": "billing", "urgency": "high"}',
    '{"topic": "billing", "urgency": "normal"}',
  ],
  [
    'I would say it is a bug.',
    '{"topic": "bug"}',
    '{"topic": "bug", "urgency": "normal"}',
    '{"topic": "bug", "urgency": "normal", "platform": "mobile"}',
  ],
] as const;
const prompts = ['Label: “My invoice shows the wrong VAT number”', 'Label: “App crashes when I rotate the phone”'];

/** The events of a run; a second apart from one to the next, as its steps take. */
export function recordedEvents(run: RecordedRun): TrainerEvent[] {
  const events: TrainerEvent[] = [];
  let clock = Date.parse('2026-11-24T13:58:12.000Z');
  const tell = (draft: EventDraft, seconds = 0): void => {
    clock += seconds * 1000;
    events.push({ seq: events.length, time: new Date(clock).toISOString(), ...draft });
  };
  begin(run, tell);
  if (run.preparing === true) return events;
  tell(startedDraft(run));
  const random = uniform(run.name);
  const every = Math.max(1, Math.round(run.total / 7));
  let best = Number.POSITIVE_INFINITY;
  const evaluate = (step: number): void => {
    const loss = trendOf(run, step) * 1.06 + 0.03 * (random() - 0.4) + 0.08 * Math.max(0, step / run.total - 0.7);
    tell(evaluatedDraft(run, step, loss, loss < best), 4);
    best = Math.min(best, loss);
    for (const [index, prompt] of prompts.entries()) {
      const list = answers[index]!;
      const answer = list[Math.min(list.length - 1, Math.floor((step / run.total) * list.length * 1.13))]!;
      const text = run.hostile === true ? `${answer} ${hostileText}` : answer;
      tell({
        type: 'sample',
        step,
        prompt: run.hostile === true ? `${prompt}${hostileText}` : prompt,
        answer: text,
        tokens: 18,
        seconds: 0.4,
      });
    }
  };
  evaluate(0);
  for (let step = 1; step <= run.steps; step++) {
    tell(stepDraft(run, step, random), 2.6 + 0.3 * random());
    if (step === run.restartAfter) {
      tell({ ...helloDraft(run), pid: 4312 }, 60);
      tell(startedDraft(run), 9);
      const from = Math.max(0, step - 5);
      tell({ type: 'resumed', step: from, after: 'restart', checkpoint: `checkpoints/step-${from}` });
      for (let again = from + 1; again <= step; again++) tell(stepDraft(run, again, random), 2.7);
    }
    if (step === run.newRateAt) {
      const value = rateOf(run, step) / 2;
      tell({ type: 'setting_changed', setting: 'learning_rate', value, previous: rateOf(run, step), step: step + 1 });
    }
    if (step === run.warnAt) {
      const message = run.hostile === true ? hostileText : '3 rows are longer than data.max_length and were truncated.';
      tell({
        type: 'warning',
        step,
        problem: {
          code: 'training/truncated-rows',
          message,
          details: ['data/train.jsonl:77', 'data/train.jsonl:1204'],
        },
      });
    }
    if (step % every === 0) evaluate(step);
    if (step % (every * 2) === 0) {
      tell({
        type: 'checkpoint',
        step,
        path: `checkpoints/step-${step}`,
        bytes: 39_400_000,
        seconds: 0.3,
        reason: 'scheduled',
        removed: [],
      });
    }
  }
  if (run.ending === 'finished') finish(run, tell);
  if (run.ending === 'failed') fail(run, tell);
  return events;
}

/** The loss without its noise. */
function trendOf({ total, floor = 0.64 }: RecordedRun, step: number): number {
  return floor + (2.35 - floor) * Math.exp((-5 * step) / total) + 0.12 * Math.exp((-1.2 * step) / total);
}

function rateOf({ total, learningRate = 2e-4, newRateAt = Infinity }: RecordedRun, step: number): number {
  const warmUp = Math.max(1, total * 0.03);
  const shape = step < warmUp ? step / warmUp : 0.5 * (1 + Math.cos((Math.PI * (step - warmUp)) / (total - warmUp)));
  return learningRate * shape * (step > newRateAt ? 0.5 : 1);
}

type Tell = (draft: EventDraft, seconds?: number) => void;

function helloDraft({ name }: RecordedRun): Extract<EventDraft, { type: 'hello' }> {
  return {
    type: 'hello',
    protocol: 1,
    run_id: name,
    pid: 3120,
    package_version: '0.1.0',
    node: 'v20.20.2',
    platform: 'linux-x64',
  };
}

function begin(run: RecordedRun, tell: Tell): void {
  tell(helloDraft(run));
  tell({ type: 'progress', stage: 'config', message: 'Reading the config' }, 0.1);
  tell({ type: 'progress', stage: 'model', message: 'Opening SmolLM2-135M-Instruct' }, 0.3);
  tell({ type: 'progress', stage: 'data', message: 'Preparing the data' }, 1.2);
  tell({ type: 'progress', stage: 'data', message: 'Tokenising data/train.jsonl', fraction: 0.62, seconds_left: 3 }, 4);
}

/** The effective config of a run. */
export function recordedConfig(run: RecordedRun) {
  return {
    version: 1,
    model: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    engine: 'embedded',
    device: 'cpu',
    threads: 8,
    method: 'lora',
    objective: 'sft',
    seed: 42,
    data: {
      validation: 0.05,
      template: 'chat',
      train_on: 'assistant',
      max_length: 512,
      packing: true,
      train: [{ path: 'data/train.jsonl', weight: 1, format: 'messages' }],
    },
    lora: { rank: 16, alpha: 32, dropout: 0, target_modules: 'all-linear' },
    training: {
      batch_size: 4,
      gradient_accumulation_steps: 2,
      learning_rate: run.learningRate ?? 2e-4,
      lr_scheduler: 'cosine',
      weight_decay: 0.01,
      max_grad_norm: 1,
      epochs: 1,
      warmup_ratio: 0.03,
    },
    evaluation: { every: 50, max_new_tokens: 64 },
    checkpoints: { every: 100, keep: 3, best_by: 'eval_loss' },
  };
}

function startedDraft(run: RecordedRun): EventDraft {
  const config = recordedConfig(run);
  return {
    type: 'started',
    plan: {
      total_steps: run.total,
      epochs: 1,
      steps_per_epoch: run.total,
      rows_per_step: 8,
      train_rows: run.total * 8,
      validation_rows: 142,
      train_tokens: run.total * 1840,
      trained_tokens: run.total * 690,
      learning_rate: run.learningRate ?? 2e-4,
    },
    model: {
      architecture: 'LlamaForCausalLM',
      total_parameters: 134_515_008,
      trainable_parameters: 4_884_480,
      context_length: 8192,
    },
    device: 'cpu',
    threads: 8,
    config,
    decisions: [
      { path: 'model', value: config.model, source: 'file' },
      { path: 'method', value: 'lora', source: 'file' },
      { path: 'device', value: 'cpu', source: 'auto', reason: 'No GPU was found that the embedded engine can use.' },
      { path: 'threads', value: 8, source: 'auto', reason: 'The machine has 8 cores.' },
      {
        path: 'training.learning_rate',
        value: run.learningRate ?? 2e-4,
        source: run.learningRate === undefined ? 'default' : 'override',
      },
      { path: 'training.batch_size', value: 4, source: 'file' },
      { path: 'data.packing', value: true, source: 'default' },
      { path: 'data.train', value: config.data.train, source: 'file' },
    ],
    estimates: { memory_bytes: 1_810_000_000, seconds: run.total * 2.75, disk_bytes: 81_000_000 },
  };
}

function stepDraft(run: RecordedRun, step: number, random: () => number): EventDraft {
  const noise = (random() + random() + random() - 1.5) * 0.22;
  const isSpike = step === run.spikeAt;
  const loss = isSpike ? 2.051 : Math.max(0.05, trendOf(run, step) + noise);
  const rows = Array.from({ length: 8 }, (_, i): RowReport => {
    const line = ((step * 8 + i) * 7919) % (run.total * 8) || 1;
    const id = `data/${run.hostile === true ? `${hostileText}/` : ''}train.jsonl:${isSpike && i === 0 ? 1873 : line}`;
    return {
      id,
      loss: isSpike && i === 0 ? 5.92 : Math.max(0.02, loss * (0.6 + 0.8 * random())),
      tokens: 60 + Math.floor(random() * 60),
    };
  });
  return {
    type: 'step',
    step,
    epoch: step / run.total,
    loss,
    learning_rate: rateOf(run, step),
    grad_norm: isSpike ? 2.41 : 0.38 + 0.9 * Math.exp((-4 * step) / run.total) + 0.12 * random(),
    tokens: 1840,
    trained_tokens: 660 + Math.floor(random() * 60),
    tokens_per_second: step === 1 ? 180 : 495 + 25 * (random() - 0.5),
    memory_bytes: Math.round(1_520_000_000 + 220_000_000 * (1 - Math.exp(-step / 25))),
    seconds: 2.7,
    rows,
    ...(run.metrics === true
      ? {
          metrics: {
            'rewards/chosen': 0.8 * (step / run.total) + 0.1 * random(),
            'rewards/rejected': -1.1 * (step / run.total) + 0.1 * random(),
            kl: 0.04 * Math.sqrt(step / run.total) + 0.004 * random(),
          },
        }
      : {}),
  };
}

function evaluatedDraft(run: RecordedRun, step: number, loss: number, best: boolean): EventDraft {
  const worst = [5.1, 4.4, 3.9].map((value, i) => ({
    id: `data/train.jsonl:${400 + i * 31}`,
    loss: value,
    tokens: 80,
  }));
  return {
    type: 'evaluated',
    step,
    loss,
    perplexity: Math.exp(loss),
    rows: 142,
    trained_tokens: 9800,
    seconds: 3.9,
    best,
    worst_rows: worst,
    ...(run.metrics === true ? { metrics: { 'rewards/accuracies': 0.5 + 0.4 * (step / run.total) } } : {}),
  };
}

function finish(run: RecordedRun, tell: Tell): void {
  tell({ type: 'progress', stage: 'export', message: 'Writing the adapter' }, 1);
  tell(
    {
      type: 'finished',
      outcome: 'completed',
      step: run.steps,
      result: { kind: 'adapter', path: 'adapter', step: run.steps },
      best: { step: run.steps, best_value: 0.71, checkpoint: `checkpoints/step-${run.steps}` },
      took: {
        seconds: run.steps * 2.8,
        steps: run.steps,
        tokens: run.steps * 1840,
        trained_tokens: run.steps * 690,
        tokens_per_second: 501,
        peak_memory_bytes: 1_742_000_000,
        disk_bytes: 79_000_000,
      },
    },
    1,
  );
}

function fail(run: RecordedRun, tell: Tell): void {
  const message = 'The step needs more memory than is free: 9.1 GB are needed and 7.7 GB are available.';
  tell({
    type: 'failed',
    step: run.steps,
    cause: {
      code: 'training/out-of-memory',
      message: run.hostile === true ? hostileText : message,
      place: { file: 'support.finetune.yaml', line: 14, column: 3 },
    },
    evidence: [
      'Row data/train.jsonl:1873 has 2 048 tokens; the median row has 212.',
      'Peak memory of the last step that succeeded: 7.4 GB.',
    ],
    remedies: [
      { text: 'Use shorter rows', set: { 'data.max_length': 512 }, saves: { memory_bytes: 2_400_000_000 } },
      {
        text: 'Use smaller batches and accumulate them',
        set: { 'training.batch_size': 2, 'training.gradient_accumulation_steps': 4 },
        saves: { memory_bytes: 1_100_000_000 },
      },
      { text: 'Close programs that use memory, then resume.' },
    ],
  });
}

export const running: RecordedRun = {
  name: 'support-tickets · 7',
  steps: 312,
  total: 340,
  spikeAt: 197,
  warnAt: 140,
  newRateAt: 230,
};

export const finished: RecordedRun = {
  name: 'support-tickets · 5',
  steps: 340,
  total: 340,
  learningRate: 1e-4,
  floor: 0.8,
  ending: 'finished',
  metrics: true,
};

export const failed: RecordedRun = {
  name: 'support-tickets · 6',
  steps: 118,
  total: 340,
  learningRate: 8e-4,
  floor: 0.7,
  ending: 'failed',
};

export const restarted: RecordedRun = {
  name: 'support-tickets · 4',
  steps: 150,
  total: 340,
  restartAfter: 80,
  warnAt: 90,
};
