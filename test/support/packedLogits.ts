// Logits of a stored model at every token of several rows, computed in one packed sequence.

import type { Executor } from '../../src/engine/executors/executor.ts';
import type { ModelConfig } from '../../src/engine/architectures/configFields.ts';
import { architectureOf } from '../../src/engine/architectures/registry.ts';
import { modelWeights } from '../../src/engine/architectures/weights.ts';
import { buildModel } from '../../src/engine/model/build.ts';
import { sequenceFeeds } from '../../src/engine/model/feeds.ts';
import { packedAttention } from '../../src/engine/model/packedAttention.ts';
import type { WeightEntry } from '../../src/models/types.ts';

/** One array [tokens · vocabulary] for each row. */
export async function packedLogits(
  executor: Executor,
  config: ModelConfig,
  entries: Iterable<WeightEntry>,
  rows: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  const architecture = architectureOf(config);
  const weights = modelWeights(architecture, entries);
  const model = buildModel({
    architecture,
    weights,
    method: { kind: 'lora', rank: 1, alpha: 1, dropout: 0, targetModules: [], useRslora: false },
    attention: packedAttention,
    training: false,
  });
  const tokens = Int32Array.from(rows.flat());
  const { dims, feeds } = sequenceFeeds(model, {
    tokens,
    positions: Int32Array.from(rows.flatMap((row) => row.map((_, i) => i))),
    segments: Int32Array.from(rows.flatMap((row, r) => row.map(() => r))),
    lossPositions: tokens.map((_, i) => i),
  });
  const outputs = new Map([['logits', model.logits]]);
  const executable = await executor.compile({ graph: model.graph, outputs, weights });
  try {
    const logits = (await executable.run({ dims, feeds })).get('logits')!.data as Float32Array;
    let start = 0;
    return rows.map((row) => logits.slice(start, (start += row.length * architecture.vocabSize)));
  } finally {
    await executable.dispose();
  }
}
