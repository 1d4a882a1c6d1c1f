// Pretrains the starter model with the project's own engine, from random weights to a folder that transformers loads.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import type { SessionPlan, TrainingSession } from '../../src/engine/session.ts';
import { createLocalSession } from '../../src/engine/training/localSession.ts';
import { writeModelFolder } from '../../src/models/export.ts';
import { readSafetensors, writeSafetensors } from '../../src/models/safetensors.ts';
import { loadTokenizer } from '../../src/models/tokenizer.ts';
import type { Tokenizer } from '../../src/models/types.ts';
import { documentText } from './corpus.ts';
import { chatTemplate, generationConfig, initialWeights, starterConfig, tokenizerConfig } from './model.ts';
import { documentRows } from './rows.ts';
import { trainTokenizer } from './tokenizer.ts';

export interface PretrainSettings {
  readonly seed: number;
  readonly steps: number;
  readonly tokensPerStep: number;
  readonly learningRate: number;
  readonly threads: number;
  readonly say: (line: string) => void;
}

const warmupSteps = 50;
/** Held-out documents come from another seed; the grammar is the same, the texts are not. */
const heldOutSeed = 1_000_003;
const heldOutTokens = 40_000;

/** Writes the model into `folder`. Returns the held-out losses (nats per token) of the random and of the written weights. */
export async function pretrain(folder: string, settings: PretrainSettings): Promise<{ before: number; after: number }> {
  const { seed, steps, tokensPerStep, say } = settings;
  const tokenizerJson = trainTokenizer(
    Array.from({ length: 20_000 }, (_, i) => documentText(seed, i)),
    starterConfig.vocab_size,
  );
  const tokenizer = loadTokenizer(tokenizerJson, tokenizerConfig);
  say(`tokenizer: ${String(tokenizer.vocabSize)} tokens`);
  const scratch = await mkdtemp(join(tmpdir(), 'starter-model-'));
  try {
    const file = join(scratch, 'model.safetensors');
    await writeSafetensors(file, initialWeights(seed));
    const session = await openSession(file, settings);
    say(
      `${String(session.info.totalParameters)} parameters, ${String(steps)} steps of ${String(tokensPerStep)} tokens`,
    );
    const before = await heldOutLoss(session, tokenizer);
    say(`held-out loss ${before.toFixed(3)} with random weights`);
    const nextRows = documentRows(tokenizer, seed);
    const started = performance.now();
    for (let step = 1; step <= steps; step++) {
      const sequences = nextRows(tokensPerStep, 512);
      const { loss } = await session.step({ step, sequences, learningRate: learningRateAt(step, settings) });
      if (step % 100 !== 0) continue;
      const seconds = (performance.now() - started) / 1000;
      say(`step ${String(step)}/${String(steps)}  loss ${loss.toFixed(3)}  ${seconds.toFixed(0)} s`);
    }
    await writeModelFolder(folder, {
      config: starterConfig,
      generationConfig,
      tokenizerFiles: tokenizerFiles(tokenizerJson),
      specs: [...initialWeights(seed)].map(({ name, shape }) => ({ name, shape })),
      tensors: inOrder(session, seed),
      dtype: 'BF16',
    });
    await session.close();
    const written = await openSession(join(folder, 'model.safetensors'), settings);
    const after = await heldOutLoss(written, tokenizer);
    await written.close();
    return { before, after };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Up over the first steps, then down to a twentieth along a cosine. */
function learningRateAt(step: number, { learningRate, steps }: PretrainSettings): number {
  const progress = Math.max(0, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  const fall = 0.05 + 0.95 * 0.5 * (1 + Math.cos(Math.PI * progress));
  return learningRate * Math.min(step / warmupSteps, 1) * fall;
}

async function openSession(file: string, { seed, threads }: PretrainSettings): Promise<TrainingSession> {
  const plan: SessionPlan = {
    modelConfig: starterConfig,
    weights: [...(await readSafetensors(file)).entries.values()],
    method: { kind: 'full' },
    optimizer: {
      ...{ kind: 'adamw', beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 },
      ...{ loraLrRatio: 1, loraPlusRatio: 1 },
    },
    seed,
    gradientCheckpointing: false,
    device: 'cpu',
    threads,
  };
  return createLocalSession(plan, onnxExecutor({ provider: 'cpu', threads }));
}

async function heldOutLoss(session: TrainingSession, tokenizer: Tokenizer): Promise<number> {
  const { lossSum, trainedTokens } = await session.evaluate(documentRows(tokenizer, heldOutSeed)(heldOutTokens, 512));
  return lossSum / trainedTokens;
}

/** The trained tensors in the order of the specs. */
async function* inOrder(session: TrainingSession, seed: number) {
  const byName = new Map<string, Awaited<ReturnType<typeof collect>>[number]>();
  for (const tensor of await collect(session)) byName.set(tensor.name, tensor);
  for (const { name } of initialWeights(seed)) yield byName.get(name)!;
}

async function collect(session: TrainingSession) {
  const tensors = [];
  for await (const tensor of session.trainedTensors()) tensors.push(tensor);
  return tensors;
}

function tokenizerFiles(tokenizerJson: Record<string, unknown>): ReadonlyMap<string, string> {
  return new Map([
    ['tokenizer.json', `${JSON.stringify(tokenizerJson)}\n`],
    ['tokenizer_config.json', `${JSON.stringify({ ...tokenizerConfig, chat_template: chatTemplate }, null, 2)}\n`],
  ]);
}
