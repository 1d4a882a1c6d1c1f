// Logits of a model with a trained adapter, computed by the generation graph in one packed sequence.

import { architectureOf } from '../../src/engine/architectures/registry.ts';
import { modelWeights } from '../../src/engine/architectures/weights.ts';
import type { Executor } from '../../src/engine/executors/executor.ts';
import { buildModel } from '../../src/engine/model/build.ts';
import { sequenceFeeds } from '../../src/engine/model/feeds.ts';
import { packedAttention } from '../../src/engine/model/packedAttention.ts';
import type { SessionPlan } from '../../src/engine/session.ts';
import type { NamedTensor } from '../../src/models/types.ts';

/** Logits [tokens · vocabulary] of one text under `plan`'s method with the given trained tensors. */
export async function adaptedLogits(
  executor: Executor,
  plan: Pick<SessionPlan, 'modelConfig' | 'weights' | 'method'>,
  trained: Iterable<NamedTensor>,
  tokens: Int32Array,
): Promise<Float32Array> {
  const architecture = architectureOf(plan.modelConfig);
  const weights = modelWeights(architecture, plan.weights);
  const model = buildModel({ architecture, weights, method: plan.method, attention: packedAttention, training: false });
  const places = tokens.map((_, i) => i);
  const row = { tokens, positions: places, segments: new Int32Array(tokens.length), lossPositions: places };
  const { dims, feeds } = sequenceFeeds(model, row);
  for (const { name, data } of trained) feeds.set(name, data);
  const executable = await executor.compile({
    graph: model.graph,
    outputs: new Map([['logits', model.logits]]),
    weights,
  });
  const { data } = (await executable.run({ dims, feeds })).get('logits')!;
  const logits = Float32Array.from(data);
  await executable.dispose();
  return logits;
}
