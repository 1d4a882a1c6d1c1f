// What is known of a model before it runs: its linear layers, the weights it needs, and configs that are refused.

import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../../src/engine/architectures/configFields.ts';
import { modelUse } from '../../../src/engine/architectures/modelUse.ts';
import { architectureOf } from '../../../src/engine/architectures/registry.ts';
import { rotaryTable } from '../../../src/engine/architectures/rotary.ts';
import { checkWeights, modelWeights } from '../../../src/engine/architectures/weights.ts';
import type { WeightEntry } from '../../../src/models/types.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';
import type { Problem } from '../../../src/protocol/problem.ts';
import { tinyConfig } from '../../support/tinyModel.ts';

const gpt2 = { model_type: 'gpt2', n_embd: 16, n_head: 4, n_layer: 2, n_positions: 64, vocab_size: 32 };
const of = (model_type: string, changes: ModelConfig = {}): ModelConfig => ({ ...tinyConfig, model_type, ...changes });

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems[0]!;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('linear modules', () => {
  const modules = (config: ModelConfig, layer: string) =>
    architectureOf(config)
      .linearModules.filter((m) => m.name.includes(layer))
      .map((m) => `${m.name} ${String(m.inFeatures)}→${String(m.outFeatures)}`);

  it('have the names and sizes that PEFT sees', () => {
    expect(modules(tinyConfig, '.1.')).toEqual([
      'model.layers.1.self_attn.q_proj 16→16',
      'model.layers.1.self_attn.k_proj 16→8',
      'model.layers.1.self_attn.v_proj 16→8',
      'model.layers.1.self_attn.o_proj 16→16',
      'model.layers.1.mlp.gate_proj 16→24',
      'model.layers.1.mlp.up_proj 16→24',
      'model.layers.1.mlp.down_proj 24→16',
    ]);
    expect(modules(of('phi3'), '.0.')).toEqual([
      'model.layers.0.self_attn.qkv_proj 16→32',
      'model.layers.0.self_attn.o_proj 16→16',
      'model.layers.0.mlp.gate_up_proj 16→48',
      'model.layers.0.mlp.down_proj 24→16',
    ]);
    expect(modules(gpt2, '.0.')).toEqual([
      'transformer.h.0.attn.c_attn 16→48',
      'transformer.h.0.attn.c_proj 16→16',
      'transformer.h.0.mlp.c_fc 16→64',
      'transformer.h.0.mlp.c_proj 64→16',
    ]);
  });

  it('are stored transposed in GPT-2 only', () => {
    expect(new Set(architectureOf(gpt2).linearModules.map((m) => m.storedTransposed))).toEqual(new Set([true]));
    expect(new Set(architectureOf(tinyConfig).linearModules.map((m) => m.storedTransposed))).toEqual(new Set([false]));
  });

  it('leave the output head out, tied or not', () => {
    const names = architectureOf({ ...tinyConfig, tie_word_embeddings: false }).linearModules.map((m) => m.name);
    expect(names.filter((name) => !name.startsWith('model.layers.'))).toEqual([]);
  });
});

describe('weights', () => {
  const llama = architectureOf(tinyConfig);
  const entries = (names: Iterable<readonly [string, readonly number[]]>): WeightEntry[] =>
    Array.from(names, ([name, shape]) => ({ name, shape, dtype: 'F32', file: '/x', offset: 0, byteLength: 0 }));
  const needed = modelUse(llama).weights;

  it('are accepted when they are those of the model', () => {
    expect([...modelWeights(llama, entries(needed)).keys()]).toEqual([...needed.keys()]);
  });

  it('may hold what carries no information', () => {
    const more: [string, number[]][] = [
      ['lm_head.weight', [32, 16]],
      ['model.layers.0.self_attn.rotary_emb.inv_freq', [2]],
    ];
    expect(modelWeights(llama, entries([...needed, ...more])).size).toBe(needed.size);
    const untied = architectureOf({ ...tinyConfig, tie_word_embeddings: false });
    expect(modelWeights(untied, entries([...needed, ...more])).has('lm_head.weight')).toBe(true);
  });

  it('are named when they are missing, unused or of another shape', () => {
    const changed = new Map(needed);
    changed.delete('model.norm.weight');
    changed.set('model.layers.0.mlp.up_proj.weight', [1, 2]);
    changed.set('model.layers.0.self_attn.q_proj.bias', [16]);
    const found = problemOf(() => modelWeights(llama, entries(changed)));
    expect(found.code).toBe('model/wrong-weights');
    expect(found.details).toEqual([
      'model.layers.0.mlp.up_proj.weight has the shape [1, 2], but config.json makes it [24, 16]',
      'model.norm.weight [16] is missing',
      'model.layers.0.self_attn.q_proj.bias is not used by this model type',
    ]);
  });

  it('are not all listed when most are wrong', () => {
    const { details } = problemOf(() => checkWeights(llama, new Map()));
    expect(details).toHaveLength(6);
    expect(details!.at(-1)).toBe(`and ${String(needed.size - 5)} more`);
  });

  it.each([
    ['gpt2', gpt2, 'h.0.attn.c_attn.weight', 'transformer.h.0.attn.c_attn.weight'],
    ['gpt2', gpt2, 'transformer.wpe.weight', 'transformer.wpe.weight'],
    ['llama', tinyConfig, 'layers.0.mlp.up_proj.weight', 'model.layers.0.mlp.up_proj.weight'],
    ['llama', tinyConfig, 'lm_head.weight', 'lm_head.weight'],
    [
      'gemma3',
      { model_type: 'gemma3', text_config: of('gemma3_text') },
      'language_model.model.norm.weight',
      'model.language_model.norm.weight',
    ],
  ])('of %s get the name that transformers saves', (_, config, stored, canonical) => {
    expect(architectureOf(config).canonicalName(stored)).toBe(canonical);
  });

  it('of GPT-2 may bring the buffers of old files', () => {
    const { ignoredWeights } = architectureOf(gpt2);
    expect(ignoredWeights.test('transformer.h.0.attn.bias')).toBe(true);
    expect(ignoredWeights.test('transformer.h.0.attn.c_attn.bias')).toBe(false);
  });
});

describe('configs that are refused', () => {
  it('name the model types that are known', () => {
    const found = problemOf(() => architectureOf({ model_type: 'mamba' }));
    expect(found.code).toBe('model/unknown-architecture');
    expect(found.message).toMatch(
      /"mamba".*llama, mistral, qwen2, qwen3, phi3, gemma, gemma2, gemma3_text, gemma3, gpt2/,
    );
    expect(problemOf(() => architectureOf({})).code).toBe('model/unknown-architecture');
    expect(problemOf(() => architectureOf({ model_type: 'constructor' })).code).toBe('model/unknown-architecture');
  });

  it.each<[field: string, config: ModelConfig]>([
    ['hidden_act', of('llama', { hidden_act: 'relu2' })],
    ['pretraining_tp', of('llama', { pretraining_tp: 2 })],
    ['layer_types', of('llama', { layer_types: ['full_attention', 'full_attention', 'sliding_attention'] })],
    ['num_key_value_heads', of('llama', { num_key_value_heads: 3 })],
    ['num_hidden_layers', of('llama', { num_hidden_layers: 2.5 })],
    ['vocab_size', of('llama', { vocab_size: '32' })],
    ['head_dim', of('llama', { hidden_size: 18 })],
    ['head_dim', of('llama', { head_dim: 5 })],
    ['partial_rotary_factor', of('llama', { partial_rotary_factor: 0.5 })],
    ['rotary scaling "mrope"', of('llama', { rope_scaling: { rope_type: 'mrope' } })],
    ['factor', of('llama', { rope_scaling: { type: 'linear' } })],
    ['quantization_config', of('llama', { quantization_config: { quant_method: 'gptq' } })],
    ['per_layer_config', of('llama', { per_layer_config: { 0: { hidden_size: 8 } } })],
    ['sliding_window', of('qwen2', { layer_types: Array(3).fill('sliding_attention') })],
    ['layer_types', of('qwen2', { layer_types: Array(2).fill('full_attention') })],
    ['layer_types', of('qwen3', { layer_types: Array(3).fill('linear_attention') })],
    ['long_factor', of('phi3', { rope_scaling: { type: 'longrope', short_factor: [1, 1], long_factor: [1] } })],
    ['hidden_activation', of('gemma', { hidden_activation: 'silu' })],
    ['use_bidirectional_attention', of('gemma2', { use_bidirectional_attention: true })],
    ['attn_logit_softcapping', of('gemma3_text', { attn_logit_softcapping: 50 })],
    ['rope_parameters', of('gemma3_text', { rope_parameters: { rope_type: 'default', rope_theta: 1e6 } })],
    ['text_config', { model_type: 'gemma3' }],
    ['add_cross_attention', { ...gpt2, add_cross_attention: true }],
    ['activation_function', { ...gpt2, activation_function: 'relu' }],
    ['n_head', { ...gpt2, n_head: 3 }],
  ])('name the field: %s', (field, config) => {
    const found = problemOf(() => architectureOf(config));
    expect(found.code).toBe('model/unsupported-config');
    expect(found.message).toContain(field);
  });
});

describe('rotary tables', () => {
  it('turn slowly where a long context was stretched, and only then', () => {
    const config = {
      rope_scaling: { type: 'longrope', short_factor: [1, 1], long_factor: [2, 8], factor: 4 },
      original_max_position_embeddings: 16,
    };
    const table = rotaryTable({ config, headSize: 4, contextLength: 64 });
    expect([...table.inverseFrequencies(16)]).toEqual([1, 0.01]);
    expect([...table.inverseFrequencies(17)]).toEqual([0.5, 0.01 / 8]);
    expect(table.attentionFactor(8)).toBeCloseTo(Math.sqrt(1 + Math.log(4) / Math.log(16)), 12);
  });

  it('read the fields of transformers 5 and of those before alike', () => {
    const scaling = { factor: 4, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 };
    const before = { rope_theta: 500, rope_scaling: { type: 'llama3', ...scaling } };
    const now = { rope_parameters: { rope_type: 'llama3', rope_theta: 500, ...scaling } };
    const [a, b] = [before, now].map((config) =>
      rotaryTable({ config, headSize: 16, contextLength: 128 }).inverseFrequencies(1),
    );
    expect(a).toEqual(b);
    expect(a![7]).toBeCloseTo(500 ** (-14 / 16) / 4, 12);
  });
});
