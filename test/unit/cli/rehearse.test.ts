// The rehearsal's twin, and what is told of two engines that agree or not.

import { expect, test } from 'vitest';
import { compareEngines } from '../../../src/cli/rehearse/compare.ts';
import type { Taken } from '../../../src/cli/rehearse/takeSteps.ts';
import { twinConfig } from '../../../src/cli/rehearse/twin.ts';
import { rehearsalLines } from '../../../src/cli/render/rehearse.ts';
import { createStyle } from '../../../src/cli/render/style.ts';
import { modelUse } from '../../../src/engine/architectures/modelUse.ts';
import { architectureOf } from '../../../src/engine/architectures/registry.ts';

const large = {
  ...{ vocab_size: 32_000, hidden_size: 4096, intermediate_size: 11_008, num_hidden_layers: 32 },
  ...{ num_attention_heads: 32, rms_norm_eps: 1e-5, max_position_embeddings: 131_072, tie_word_embeddings: false },
};
const longrope = { type: 'longrope', short_factor: Array(48).fill(1), long_factor: Array(48).fill(2) as number[] };
test.each<[string, Record<string, unknown>]>([
  ['llama', { ...large, num_key_value_heads: 8, rope_theta: 5e5, head_dim: 128 }],
  ['mistral', large],
  ['qwen2', { ...large, num_key_value_heads: 4, hidden_act: 'silu' }],
  ['qwen3', { ...large, num_key_value_heads: 8, head_dim: 128 }],
  ['phi3', { ...large, rope_scaling: longrope, original_max_position_embeddings: 4096 }],
  ['gemma', large],
  ['gemma2', { ...large, num_key_value_heads: 16, head_dim: 256 }],
  ['gemma3_text', { ...large, layer_types: [...Array<string>(31).fill('sliding_attention'), 'full_attention'] }],
  ['gpt2', { vocab_size: 50_257, n_embd: 1600, n_layer: 48, n_head: 25, n_positions: 1024 }],
])('the twin of %s is a small model of the family', (family, config) => {
  const architecture = architectureOf(twinConfig({ ...config, model_type: family }));
  expect(architecture.name).toBe(family);
  const sizes = [...modelUse(architecture).weights.values()].map((shape) => shape.reduce((n, d) => n * d, 1));
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(8e6);
});

function taken(changes: Partial<Taken> = {}, step2: Partial<Taken['steps'][number]> = {}): Taken {
  const rows = [{ sampleId: 'a:1', lossSum: 8, trainedTokens: 4 }];
  const step = { learningRate: 0.001, trainedTokens: 4, loss: 2, gradNorm: 1.5, rows };
  return {
    info: {
      ...{
        architecture: 'llama',
        totalParameters: 100,
        trainableParameters: 10,
        contextLength: 64,
        longestSharing: 0,
      },
      adaptedModules: ['q', 'v'],
    },
    steps: [
      { step: 1, ...step },
      { step: 2, ...step, loss: 1.9, ...step2 },
    ],
    norms: { moved: 0.1, gradientMean: 0.2, squareMean: 0.01 },
    ...changes,
  };
}

test('rounding is no difference', () => {
  const comparison = compareEngines(taken(), taken({}, { loss: 1.9001, gradNorm: 1.505 }), []);
  expect(comparison).toMatchObject({ agrees: true, findings: [] });
});

const first = (changes: Partial<Taken['steps'][number]>): Taken => {
  const { steps, ...rest } = taken();
  return { ...rest, steps: steps.map((step, i) => (i === 0 ? { ...step, ...changes } : step)) };
};
test.each<[string, Taken, RegExp]>([
  ['another mask', first({ trainedTokens: 3 }), /another number of tokens/],
  ['another model', first({ loss: 2.1 }), /before anything was trained/],
  ['another gradient', first({ gradNorm: 3 }), /scaling or dropout/],
  ['another rate', taken({}, { learningRate: 0.002 }), /At step 2 .* 0.00200, and the schedule has 0.00100/],
  ['another update', taken({}, { loss: 1.8 }), /agree up to 1: the update/],
  ['a loss that is no number', taken({}, { loss: NaN }), /agree up to 1/],
  ['other betas', taken({ norms: { moved: 0.1, gradientMean: 0.3, squareMean: 0.01 } }), /betas/],
  ['other weights', taken({ norms: { moved: 0.12, gradientMean: 0.2, squareMean: 0.01 } }), /moved otherwise/],
  ['a step too few', { ...taken(), steps: taken().steps.slice(0, 1) }, /another number of tokens/],
  ['other layers', taken({ info: { ...taken().info, adaptedModules: ['q'] } }), /1 missing, 0 extra \(v\)/],
])('%s is found and explained', (_, torch, sentence) => {
  const { agrees, findings } = compareEngines(taken(), torch, []);
  expect(agrees).toBe(false);
  expect(findings[0]).toMatch(sentence);
});

test('the row that differs most is named', () => {
  const rows = [{ sampleId: 'a:1', lossSum: 9, trainedTokens: 4 }];
  expect(compareEngines(taken(), first({ loss: 2.25, rows }), []).findings.at(-1)).toBe(
    'The row that differs most is a:1: 2.0000 and 2.2500.',
  );
});

test('a setting that differs is told, even where no number does', () => {
  const warning = { code: 'torch/setting-differs', severity: 'warning', message: 'It trains with x.' } as const;
  expect(compareEngines(taken(), taken(), [warning])).toMatchObject({ agrees: false, findings: ['It trains with x.'] });
});

test('the report fits 80 columns, with what differs marked and red', () => {
  const comparison = compareEngines(taken(), taken({}, { loss: 2.5, learningRate: 0.002 }), []);
  const told = { ...comparison, model: './model', fullSize: false, device: 'cpu', versions: { torch: '2.15.0' } };
  const plain = rehearsalLines(told, 80, createStyle(false));
  expect(plain.filter((line) => line.length > 80)).toEqual([]);
  expect(plain.find((line) => line.includes('2.5000'))).toContain('3e-1 ✗');
  const coloured = rehearsalLines(told, 80, createStyle(true)).join('\n');
  expect(coloured).toContain('\u001b[31m3e-1 ✗');
  expect(coloured).toContain('0.002 ✗');
});
