// A tiny Llama with random weights on disk, and rows for it.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../../src/models/safetensors.ts';
import type { WeightEntry } from '../../src/models/types.ts';
import type { PackedSequence } from '../../src/protocol/sequence.ts';
import type { GenerationSettings, SessionPlan } from '../../src/engine/session.ts';
import { randomArray, uniform } from './random.ts';

export const tinyConfig = {
  model_type: 'llama',
  hidden_size: 16,
  intermediate_size: 24,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 3,
  vocab_size: 32,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
};

/** Writes the weights of `tinyConfig` to a new temporary folder. */
export async function tinyWeights(dtype: 'F32' | 'BF16' = 'F32'): Promise<WeightEntry[]> {
  const c = tinyConfig;
  const kv = (c.hidden_size / c.num_attention_heads) * c.num_key_value_heads;
  const shapes: [name: string, shape: number[]][] = [['model.embed_tokens.weight', [c.vocab_size, c.hidden_size]]];
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const add = (name: string, ...shape: number[]) => shapes.push([`model.layers.${String(i)}.${name}.weight`, shape]);
    add('input_layernorm', c.hidden_size);
    add('self_attn.q_proj', c.hidden_size, c.hidden_size);
    add('self_attn.k_proj', kv, c.hidden_size);
    add('self_attn.v_proj', kv, c.hidden_size);
    add('self_attn.o_proj', c.hidden_size, c.hidden_size);
    add('post_attention_layernorm', c.hidden_size);
    add('mlp.gate_proj', c.intermediate_size, c.hidden_size);
    add('mlp.up_proj', c.intermediate_size, c.hidden_size);
    add('mlp.down_proj', c.hidden_size, c.intermediate_size);
  }
  shapes.push(['model.norm.weight', [c.hidden_size]]);
  const file = join(await mkdtemp(join(tmpdir(), 'finetune-tiny-')), 'model.safetensors');
  const tensors = shapes.map(([name, shape]) => {
    const data = randomArray(shape, name, shape.length === 1 ? 0.1 : 0.3);
    return { name, shape, data: shape.length === 1 ? data.map((v) => 1 + v) : data };
  });
  await writeSafetensors(file, tensors, { dtype });
  return [...(await readSafetensors(file)).entries.values()];
}

export const adamw: SessionPlan['optimizer'] = {
  kind: 'adamw',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: 1,
  loraLrRatio: 1,
  loraPlusRatio: 1,
};

/** The likeliest token each time. */
export function greedy(maxNewTokens: number): GenerationSettings {
  return { maxNewTokens, temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, stopTokenIds: [], seed: 1 };
}

/** A LoRA plan for the tiny model; fields can be replaced. */
export function tinyPlan(weights: readonly WeightEntry[], changes: Partial<SessionPlan> = {}): SessionPlan {
  return {
    modelConfig: tinyConfig,
    weights,
    method: { kind: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: 'all-linear', useRslora: false },
    optimizer: adamw,
    seed: 1,
    gradientCheckpointing: false,
    device: 'cpu',
    threads: 1,
    ...changes,
  };
}

export interface TinyRow {
  readonly sampleId: string;
  readonly tokens: readonly number[];
  /** The first trained token. */
  readonly trainedFrom: number;
}

/** Random rows of 3 to 14 tokens, the second half of each trained. */
export function tinyRows(count: number, name = 'rows'): TinyRow[] {
  const next = uniform(name);
  return Array.from({ length: count }, (_, i) => {
    const length = 3 + Math.floor(next() * 12);
    const tokens = Array.from({ length }, () => Math.floor(next() * tinyConfig.vocab_size));
    return { sampleId: `row:${String(i)}`, tokens, trainedFrom: Math.ceil(length / 2) };
  });
}

/** Lays rows one after another in a sequence. */
export function packed(rows: readonly TinyRow[]): PackedSequence {
  const places = rows.flatMap((row, segment) =>
    row.tokens.map((token, position) => ({ token, position, segment, row })),
  );
  const trained = places.flatMap(({ token, position, row }, i) =>
    position >= row.trainedFrom ? [{ place: i - 1, token }] : [],
  );
  return {
    tokens: Int32Array.from(places, (p) => p.token),
    positions: Int32Array.from(places, (p) => p.position),
    segments: Int32Array.from(places, (p) => p.segment),
    lossPositions: Int32Array.from(trained, (t) => t.place),
    lossTargets: Int32Array.from(trained, (t) => t.token),
    sampleIds: rows.map((row) => row.sampleId),
  };
}
