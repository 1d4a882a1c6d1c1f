// What a step of the torch engine needs in memory: what PyTorch keeps for the backward pass, counted, and its allocator.

import { architectureOf } from '../engine/architectures/registry.ts';
import type { SequenceSize } from '../engine/costs.ts';
import type { SessionPlan } from '../engine/session.ts';
import type { ObjectivePlan } from '../torch/session/objective.ts';

/** The worker with its libraries, after its checks at the start, in bytes; measured like all the following (docs/torch.md). */
export const torchProgramBytes = 0.6e9;

/** Heap over what lies in it at the worst moment. On the CPU pieces that stay lie between pieces that go. */
const heapFactor = { cpu: 2.3, device: 1.2 } as const;

/** Copies of the logits at the worst moment: themselves, their softmax, and most of their gradient. */
const logitCopies = 2.6;

/** What is left of the activations when layers compute them again. */
const checkpointedShare = 0.4;

/** The optimiser's values for one tensor on their way to an update, in sizes of the largest one. */
const updateCopies = 3;

/** Inputs of linear layers that are kept, in copies: dropout makes one for each adapter, and a mask as large. */
const keptInputs = { full: 0.85, lora: 0.5, loraWithDropout: 2, prefix: 0 } as const;

/** Logits that losses of tokens are computed from at a time, in bytes; LOGIT_BYTES and FROZEN_LOGIT_BYTES of the worker (head.py). */
const logitBytes = { usual: 64 * 2 ** 20, frozenOnCpu: 16 * 2 ** 20 } as const;

/**
 * Bytes beside weights and trained values, while the passes over a sequence are computed or the update is. A reward
 * model has no logits.
 */
export function torchStepBytes(
  plan: SessionPlan,
  { tokens, trainedTokens }: SequenceSize,
  objective: ObjectivePlan['kind'],
): number {
  const { vocabSize, hiddenSize } = architectureOf(plan.modelConfig);
  const kept = tokens * floatsOfToken(plan) * (plan.gradientCheckpointing ? checkpointedShare : 1);
  const factor = plan.device === 'cpu' ? heapFactor.cpu : heapFactor.device;
  const atOnce = plan.device === 'cpu' && plan.method.kind !== 'full' ? logitBytes.frozenOnCpu : logitBytes.usual;
  const logits = objective === 'reward' ? 0 : Math.min(atOnce, 4 * trainedTokens * vocabSize);
  const passes = 4 * factor * kept + logitCopies * logits;
  const update = plan.method.kind === 'full' ? 4 * updateCopies * vocabSize * hiddenSize : 0;
  return Math.max(passes, update);
}

/** Numbers that all layers keep for one token. */
function floatsOfToken({ modelConfig, method }: SessionPlan): number {
  const { hiddenSize, layers, kvHeads, headSize, linearModules } = architectureOf(modelConfig);
  const inner = Math.max(...linearModules.map(({ inFeatures }) => inFeatures));
  // Both inputs of the residual stream, queries and what attention gives; keys and values; gate, its activation, and up.
  const own = 4 * hiddenSize + 2 * kvHeads * headSize + 3 * inner;
  const copies = method.kind === 'lora' && method.dropout > 0 ? keptInputs.loraWithDropout : keptInputs[method.kind];
  const targets = method.kind === 'lora' ? method.targetModules : 'all-linear';
  const isTarget = (name: string): boolean =>
    targets === 'all-linear' || targets.some((target) => name === target || name.endsWith(`.${target}`));
  const adapted = linearModules.filter(({ name }) => isTarget(name));
  const inputs = adapted.reduce((n, { inFeatures }) => n + inFeatures, 0);
  // A gated layer makes the activation of its gate again, and the input of its last part where that is kept (gated.py).
  const isGated = linearModules.some(({ name }) => name.endsWith('.gate_proj'));
  const last = adapted.filter(({ name }) => name.endsWith('.down_proj')).length;
  const remade = isGated ? (layers + Math.min(1, copies) * last) * inner : 0;
  return layers * own + copies * inputs - remade;
}
