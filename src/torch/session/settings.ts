// Holds what the worker really uses against the plan: libraries accept options and ignore some of them.

import { architectureOf } from '../../engine/architectures/registry.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { Setting } from './answers.ts';
import type { TorchPlan } from './torchSession.ts';

/** A warning for each setting that is not as planned; the worker reads them from the optimiser and the layers. */
export function settingsThatDiffer(
  plan: TorchPlan,
  used: Readonly<Record<string, Setting>>,
  { rank, size }: { readonly rank: number; readonly size: number } = { rank: 0, size: 1 },
): Problem[] {
  const who = size > 1 ? `Rank ${rank} of the torch engine` : 'The torch engine';
  return Object.entries({ ...plannedSettings(plan), world_size: size }).flatMap(([name, planned]): Problem[] => {
    const found = used[name];
    if (isSame(planned, found)) return [];
    const message = `${who} trains with ${name} = ${show(found)}, and the plan says ${show(planned)}.`;
    return [{ code: 'torch/setting-differs', severity: 'warning', message }];
  });
}

/** Lists are what groups or layers may have, ascending: a plan for one value wants a list of one. */
function plannedSettings(plan: TorchPlan): Record<string, Setting> {
  const { method, optimizer } = plan;
  const isAdam = optimizer.kind === 'adamw';
  const planned: Record<string, Setting> = {
    device: plan.sharding?.cpuOffload ? 'cpu' : plan.device,
    strategy: plan.sharding ? 'shards' : 'whole',
    threads: plan.threads,
    trained_dtype: ['float32'],
    mixed_precision: plan.mixedPrecision,
    gradient_checkpointing: plan.gradientCheckpointing,
    optimizer: isAdam ? 'adamw' : 'decoupledsgd',
    model_dropout: 0,
    frozen_trained: 0,
    ...(isAdam ? { betas: [optimizer.beta1, optimizer.beta2], epsilon: optimizer.epsilon } : {}),
  };
  const hasHead = plan.objective?.kind === 'reward' || plan.objective?.kind === 'ppo';
  if (method.kind === 'full') {
    return { ...planned, weight_decay: ascending([0, optimizer.weightDecay]), learning_rate_factors: [1] };
  }
  if (method.kind === 'prefix') {
    const { virtualTokens, projection } = method;
    return {
      ...planned,
      // Tables do not decay.
      weight_decay: ascending([0, ...(projection || hasHead ? [optimizer.weightDecay] : [])]),
      learning_rate_factors: [1],
      prefix_tokens: virtualTokens,
      prefix_projection: projection,
    };
  }
  const { rank, alpha, dropout, useRslora, useDora = false } = method;
  const factor = optimizer.loraLrRatio;
  return {
    ...planned,
    weight_decay: ascending(useDora ? [0, optimizer.weightDecay] : [optimizer.weightDecay]),
    // A head of its own learns at the step's own rate.
    learning_rate_factors: ascending([...(hasHead ? [1] : []), factor, factor * optimizer.loraPlusRatio]),
    lora_rank: [rank],
    lora_scaling: [useRslora ? alpha / Math.sqrt(rank) : alpha / rank],
    lora_dropout: [dropout],
    lora_dora: [useDora],
    ...quantizedSettings(plan),
  };
}

function quantizedSettings({ quantization, mixedPrecision, modelConfig }: TorchPlan): Record<string, Setting> {
  if (!quantization) return {};
  return {
    quantized_layers: architectureOf(modelConfig).linearModules.length,
    repacked_layers: 0,
    quantization_type: [quantization.type],
    double_quantization: [quantization.double_quant],
    quantized_compute: [mixedPrecision === 'bf16' ? 'bfloat16' : 'float32'],
    unquantized_dtype: ['float32'],
  };
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function isSame(planned: Setting, found: Setting | undefined): boolean {
  if (typeof planned === 'object') {
    return typeof found === 'object' && found.length === planned.length && planned.every((v, i) => isSame(v, found[i]));
  }
  if (typeof planned === 'number' && typeof found === 'number') {
    return Math.abs(planned - found) <= 1e-9 * Math.max(1, Math.abs(planned));
  }
  return planned === found;
}

function show(value: Setting | undefined): string {
  return value === undefined ? 'nothing' : typeof value === 'object' ? value.join(' and ') : String(value);
}
