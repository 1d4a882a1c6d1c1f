// What a session is built from that only answers: a model by itself, with LoRA or DoRA, or behind a prefix.

import { availableParallelism } from 'node:os';
import { architectureOf } from '../../engine/architectures/registry.ts';
import { prefixName } from '../../engine/prefix.ts';
import type { SessionPlan, TrainingMethod } from '../../engine/session.ts';
import type { AnyAdapter } from '../../models/openAdapter.ts';
import type { PrefixSettings } from '../../models/prefixAdapter.ts';
import { readTensor } from '../../models/safetensors.ts';
import type { LoadedModel, NamedTensor } from '../../models/types.ts';
import { problem } from '../../protocol/problem.ts';

type AskedModel = Pick<LoadedModel, 'config' | 'weights' | 'reference'>;

/** Plain SGD keeps no state beside the weights. Throws `cli/prefix-of-another-model`. */
export function planForAnswers(model: AskedModel, adapter: AnyAdapter | undefined, device: string): SessionPlan {
  return {
    modelConfig: model.config,
    weights: [...model.weights.values()],
    method: methodOf(model, adapter),
    optimizer: {
      ...{ kind: 'sgd', beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0 },
      ...{ maxGradNorm: 0, loraLrRatio: 1, loraPlusRatio: 1 },
    },
    seed: 0,
    gradientCheckpointing: false,
    device,
    threads: availableParallelism(),
  };
}

/** An adapter's tensors under the session's names. */
export async function* tensorsOf({ kind, weights }: AnyAdapter): AsyncGenerator<NamedTensor> {
  for (const entry of weights.values()) {
    yield { name: kind === 'prefix' ? prefixName : entry.name, shape: entry.shape, data: await readTensor(entry) };
  }
}

/** Without an adapter nothing is adapted. */
function methodOf(model: AskedModel, adapter: AnyAdapter | undefined): TrainingMethod {
  if (adapter?.kind === 'prefix') {
    refuseOtherModel(adapter.settings, model);
    const { virtualTokens, encoderSize } = adapter.settings;
    // However it was trained: what is saved is the prefix itself.
    return { kind: 'prefix', virtualTokens, projection: false, encoderSize };
  }
  const { rank = 1, alpha = 1, useRslora = false, useDora = false, modules = [] } = adapter?.settings ?? {};
  return { kind: 'lora', rank, alpha, dropout: 0, targetModules: modules, useRslora, useDora };
}

/** As many numbers in another order would be another prefix, without a word. */
function refuseOtherModel(prefix: PrefixSettings, model: AskedModel): void {
  const own = architectureOf(model.config);
  const shapeOf = ({ layers, kvHeads, headSize }: Pick<PrefixSettings, 'layers' | 'kvHeads' | 'headSize'>): string =>
    `${layers} layers with ${kvHeads} key heads of ${headSize} numbers`;
  if (shapeOf(prefix) === shapeOf(own)) return;
  throw problem(
    'cli/prefix-of-another-model',
    `The prefix is for a model of ${shapeOf(prefix)}, and ${model.reference} has ${shapeOf(own)}. Name the model that it was trained with by --model.`,
  );
}
