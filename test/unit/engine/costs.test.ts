// Costs worked out before a run: operations against a count by hand, memory by what must change it.

import { describe, expect, it } from 'vitest';
import { planCosts } from '../../../src/engine/costs.ts';
import { floatingPointOperations, peakActivationBytes } from '../../../src/engine/graph/cost.ts';
import { reachable } from '../../../src/engine/graph/liveness.ts';
import { Graph } from '../../../src/engine/graph/node.ts';
import * as op from '../../../src/engine/graph/operations.ts';
import { tinyPlan, tinyWeights } from '../../support/tinyModel.ts';

describe('a small graph', () => {
  const graph = new Graph();
  const x = op.input(graph, 'x', ['T', 8]);
  const w = op.parameter(graph, 'w', [4, 8]);
  const y = op.matmul(x, w, { transposeB: true });
  const z = op.exp(op.reshape(y, ['T', 2, 2]));
  const result = op.mul(z, z);

  it('counts two operations for each multiply-add and one for each element', () => {
    expect(floatingPointOperations(reachable([result]), { T: 10 })).toBe(2 * 10 * 4 * 8 + 40 + 40);
  });

  it('needs no more than one buffer when each result can replace its input', () => {
    expect(peakActivationBytes(reachable([result]), { T: 10 })).toBe(4 * 40);
  });

  it('keeps what is used later', () => {
    const sum = op.add(result, op.reshape(y, ['T', 2, 2]));
    expect(peakActivationBytes(reachable([sum]), { T: 10 })).toBe(2 * 4 * 40);
  });
});

describe('a plan', async () => {
  const weights = await tinyWeights();
  const size = { tokens: 60, rows: 2, longestRow: 30, trainedTokens: 20 };

  it('knows its parameters', () => {
    const lora = planCosts(tinyPlan(weights));
    // rank · (in + out) over the seven linear layers of each of three layers
    const perLayer = 4 * (16 + 16 + (16 + 8) * 2 + (16 + 16) + (16 + 24) * 3);
    expect(lora.trainableParameters).toBe(3 * perLayer);
    expect(lora.contextLength).toBe(64);
    const full = planCosts(tinyPlan(weights, { method: { kind: 'full' } }));
    expect(full.trainableParameters).toBe(full.totalParameters);
    expect(lora.totalParameters).toBe(full.totalParameters + lora.trainableParameters);
  });

  it('knows the lengths that DoRA trains besides', () => {
    const plain = tinyPlan(weights);
    if (plain.method.kind !== 'lora') throw new Error('the plan is one of LoRA');
    const dora = planCosts({ ...plain, method: { ...plain.method, useDora: true } });
    // one for each output
    const perLayer = 16 + 2 * 8 + 16 + 2 * 24 + 16;
    expect(dora.trainableParameters).toBe(planCosts(plain).trainableParameters + 3 * perLayer);
  });

  it('knows the parameters of a prefix, and of what makes one', () => {
    const method = { kind: 'prefix', virtualTokens: 5, projection: false, encoderSize: 7 } as const;
    // keys and values [2 heads of 4] in each of three layers
    const made = 2 * 3 * 8;
    expect(planCosts(tinyPlan(weights, { method })).trainableParameters).toBe(5 * made);
    const projected = planCosts(tinyPlan(weights, { method: { ...method, projection: true } }));
    expect(projected.trainableParameters).toBe(5 * 8 + (8 * 7 + 7) + (7 * made + made));
    const lora = planCosts(tinyPlan(weights));
    expect(projected.totalParameters - projected.trainableParameters).toBe(
      lora.totalParameters - lora.trainableParameters,
    );
  });

  it('saves memory and costs operations with gradient checkpointing', () => {
    const kept = planCosts(tinyPlan(weights));
    const again = planCosts(tinyPlan(weights, { gradientCheckpointing: true }));
    expect(again.memory(size, 1).activations).toBeLessThan(0.75 * kept.memory(size, 1).activations);
    expect(again.flops(size)).toBeGreaterThan(1.15 * kept.flops(size));
    expect(again.flops(size)).toBeLessThan(1.6 * kept.flops(size));
  });

  it('has the graphs that evaluations and answers take, which the heap keeps, each once', () => {
    const costs = planCosts(tinyPlan(weights));
    const programOf = (evaluates: boolean, answers: boolean): number =>
      costs.memory(size, 1, { evaluates, answers }).program;
    const none = costs.memory(size, 1).program;
    expect(programOf(false, false)).toBe(none);
    const [evaluated, asked] = [programOf(true, false) - none, programOf(false, true) - none];
    // A prompt and what follows it have a graph each, both without the losses of an evaluation.
    expect(evaluated).toBeGreaterThan(0);
    expect(asked / evaluated).toBeGreaterThan(1.8);
    expect(asked / evaluated).toBeLessThan(2.1);
    expect(programOf(true, true)).toBe(none + evaluated + asked);
  });

  it('holds no frozen weights when everything is trained, and adds up', () => {
    const parts = planCosts(tinyPlan(weights, { method: { kind: 'full' } })).memory(size, 2);
    expect(parts.weights).toBe(0);
    const { total, ...rest } = parts;
    expect(Object.values(rest).reduce((a, b) => a + b, 0)).toBe(total);
  });
});
