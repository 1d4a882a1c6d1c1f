// The rehearsal against PyTorch: whole libraries agree on the twin of every family, and each seeded fault is found.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareEngines, type Comparison } from '../../src/cli/rehearse/compare.ts';
import { takeSteps, type Taken } from '../../src/cli/rehearse/takeSteps.ts';
import { makeTwin } from '../../src/cli/rehearse/twin.ts';
import type { Schedule } from '../../src/config/schedule.ts';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import type { SessionPlan } from '../../src/engine/session.ts';
import { createLocalSession } from '../../src/engine/training/localSession.ts';
import { openTorchSession } from '../../src/torch/session/torchSession.ts';
import { startWorker, type WorkerProcess } from '../../src/torch/session/workerProcess.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { adamw, packed, tinyPlan, tinyRows } from '../support/tinyModel.ts';

const steps = 8;
const schedule: Schedule = {
  ...{ kind: 'cosine', learningRate: 0.003, totalSteps: steps, warmupSteps: 2, minLrRatio: 0.1, decaySteps: 2 },
};
const rows = tinyRows(8 * steps);
/** Two sequences of several rows each, the second much shorter. */
const sequencesOf = (step: number) => {
  const own = rows.slice(8 * (step - 1), 8 * step);
  return [packed(own.slice(0, 6)), packed(own.slice(6))];
};

const base = {
  ...{ hidden_size: 256, intermediate_size: 512, num_hidden_layers: 6, num_attention_heads: 8, num_key_value_heads: 4 },
  ...{ vocab_size: 64, max_position_embeddings: 128, rms_norm_eps: 1e-5, tie_word_embeddings: true },
};
const llama = { ...base, model_type: 'llama', hidden_act: 'silu', rope_theta: 10_000 };
const family = (model_type: string, more: Record<string, unknown> = {}) => ({ ...base, model_type, ...more });

describeWith(['python'], 'a rehearsal', () => {
  let folder: string;
  let fault: string;
  let worker: WorkerProcess;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'finetune-rehearsal-'));
    fault = path.join(folder, 'fault');
    await writeFile(fault, '');
    process.env['FINETUNE_FAULT'] = fault;
    const program = path.resolve(import.meta.dirname, '../support/faultyWorker');
    worker = startWorker({ python: requiredPath('python'), program, onOutput: () => undefined });
  });
  afterAll(async () => {
    delete process.env['FINETUNE_FAULT'];
    await worker.close();
    await rm(folder, { recursive: true, force: true });
  });

  const { signal } = new AbortController();
  const planOf = async (modelConfig: SessionPlan['modelConfig'], changes: Partial<SessionPlan> = {}) => ({
    ...tinyPlan([], changes),
    ...(await makeTwin(modelConfig, 1, folder)),
  });
  async function embedded(plan: SessionPlan): Promise<Taken> {
    const session = await createLocalSession(plan, onnxExecutor({ provider: 'cpu', threads: 1 }));
    const taken = await takeSteps(session, sequencesOf, schedule, steps, signal);
    await session.close();
    return taken;
  }
  async function compare(plan: SessionPlan, ours: Taken): Promise<Comparison> {
    const torch = await openTorchSession(worker, { ...plan, mixedPrecision: 'no' });
    return compareEngines(ours, await takeSteps(torch, sequencesOf, schedule, steps, signal), torch.warnings);
  }

  const full = { method: { kind: 'full' } } as const;
  test.each<[string, Record<string, unknown>, Partial<SessionPlan>]>([
    ['llama', llama, {}],
    ['llama, full', llama, full],
    ['llama, SGD', llama, { optimizer: { ...adamw, kind: 'sgd' } }],
    ['mistral with a window', family('mistral', { sliding_window: 6 }), {}],
    ['qwen2', family('qwen2'), {}],
    ['qwen3', family('qwen3', { head_dim: 32 }), {}],
    ['phi3', family('phi3', { pad_token_id: 0 }), {}],
    ['gemma', family('gemma', { head_dim: 32 }), {}],
    ['gemma2', family('gemma2', { head_dim: 32, query_pre_attn_scalar: 24, sliding_window: 6 }), {}],
    ['gemma3', family('gemma3_text', { head_dim: 32, query_pre_attn_scalar: 24, sliding_window: 6 }), {}],
    ['gpt2', { model_type: 'gpt2', vocab_size: 64, n_positions: 128, n_embd: 128, n_layer: 4, n_head: 4 }, {}],
    ['gpt2, full', { model_type: 'gpt2', vocab_size: 64, n_positions: 128, n_embd: 128, n_layer: 4, n_head: 4 }, full],
  ])('whole libraries agree: %s', async (_, config, changes) => {
    const plan = await planOf(config, changes);
    const comparison = await compare(plan, await embedded(plan));
    expect(comparison.findings).toEqual([]);
  });

  describe('finds', () => {
    let plan: SessionPlan;
    let ours: Taken;
    beforeAll(async () => {
      plan = await planOf(llama);
      ours = await embedded(plan);
    });
    test.each<[string, RegExp]>([
      ['accumulation_weight', /several sequences/],
      ['shifted_labels', /before anything was trained/],
      ['dropped_eos', /before anything was trained/],
      ['rows_not_apart', /before anything was trained/],
      ['alpha_scaling', /scaling or dropout/],
      ['schedule', /learning rate/],
      ['no_clipping', /update|clipping/],
      ['wrong_beta', /betas|update/],
      ['wrong_epsilon', /update/],
      ['bias_correction', /update/],
      ['bfloat16', /before anything was trained/],
      ['rotary_base', /before anything was trained/],
      ['forgotten_layer', /4 missing, 0 extra/],
      ['dropout', /lora_dropout/],
    ])('%s', async (name, sentence) => {
      await writeFile(fault, name);
      const comparison = await compare(plan, ours);
      expect(comparison.findings.join('\n')).toMatch(sentence);
    });
  });
});
