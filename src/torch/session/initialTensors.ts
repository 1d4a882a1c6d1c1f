// What a fresh session begins with where the model's files have nothing: adapters, and the head of a reward model.

import { randomStream } from '../../engine/random.ts';
import { initialAdapter } from '../../engine/training/initialise.ts';
import type { NamedTensor } from '../../models/types.ts';
import type { TensorInfo } from './answers.ts';

/** The head that turns the last token's state into a score, [1, hidden]. */
export const scoreName = 'score.weight';

/** transformers' `initializer_range`, where a model's config has none. */
const usualRange = 0.02;

/** Adapters begin with the embedded engine's values, a score head with small normal ones, as transformers makes it. */
export async function* initialTensors(
  trained: readonly TensorInfo[],
  { seed, modelConfig }: { readonly seed: number; readonly modelConfig: Readonly<Record<string, unknown>> },
): AsyncGenerator<NamedTensor> {
  yield* initialAdapter(
    trained.filter(({ name }) => /\.lora_[AB]\.weight$/.test(name)),
    seed,
  );
  const { initializer_range: range } = modelConfig;
  const deviation = typeof range === 'number' ? range : usualRange;
  for (const { name, shape } of trained) {
    if (name !== scoreName) continue;
    const data = normalValues(
      shape.reduce((n, d) => n * d, 1),
      seed,
    );
    yield { name, shape, data: data.map((value) => deviation * value) };
  }
}

/** Standard normal numbers (Box & Muller 1958). */
function normalValues(count: number, seed: number): Float32Array {
  const random = randomStream(seed, 'init', scoreName);
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
    return radius * Math.cos(2 * Math.PI * random.uniform());
  });
}
