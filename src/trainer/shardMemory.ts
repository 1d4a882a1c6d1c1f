// What a rank holds of a model that lies in shards: its share of everything, and the layers that are gathered on it.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { learnsFromAnswers } from '../config/objective.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import type { PlanCosts } from '../engine/costs.ts';
import type { SessionPlan } from '../engine/session.ts';

/** Decoder layers that are whole at a time: the one that is computed, and the one that is gathered meanwhile. */
const layersAtOnce = 2;

/**
 * How much of weights, gradients and the optimiser's state counts on each rank's device; 1 where all is whole. On the CPU
 * measured peaks are those of a whole model, which each rank has before it lies in shards (docs/distributed.md).
 */
export function keptShare({ distributed, device }: Pick<EffectiveConfig, 'distributed' | 'device'>): number {
  if (!distributed || distributed.strategy === 'ddp' || device === 'cpu') return 1;
  // Offloaded shards lie in the machine's memory.
  return distributed.cpu_offload ? 0 : 1 / distributed.processes;
}

/**
 * Bytes of what is gathered on a rank at the worst moment, beside its shards: a layer or two and what lies outside of
 * layers, or the whole model, which answers are drawn from. Gradients are gone as soon as those of their layer are summed.
 * What travels together does so in one piece, which is copied from and to.
 */
export function gatheredBytes(
  { modelConfig, method }: SessionPlan,
  { totalParameters }: Pick<PlanCosts, 'totalParameters'>,
  {
    distributed,
    objective,
    training,
  }: Pick<EffectiveConfig, 'distributed' | 'objective'> & {
    readonly training: Pick<EffectiveConfig['training'], 'mixed_precision'>;
  },
): number {
  if (!distributed || distributed.strategy === 'ddp') return 0;
  const { linearModules, layers } = architectureOf(modelConfig);
  const inLayers = linearModules.reduce((n, { inFeatures, outFeatures }) => n + inFeatures * outFeatures, 0);
  const outside = totalParameters - inLayers;
  const atOnce = outside + (layersAtOnce * inLayers) / layers;
  const isWhole = distributed.strategy === 'zero2' || learnsFromAnswers(objective);
  const piece = Math.max(outside, inLayers / layers);
  const weights = (isWhole ? totalParameters : atOnce) + piece;
  const gradients = method.kind === 'full' ? atOnce + piece : 0;
  return (training.mixed_precision === 'bf16' ? 2 : 4) * (weights + gradients);
}
