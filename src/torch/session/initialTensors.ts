// What a fresh session begins with where the model's files have nothing: adapters, prefixes, and the head of a reward model.

import { prefixName } from '../../engine/prefix.ts';
import { randomStream } from '../../engine/random.ts';
import { initialAdapter } from '../../engine/training/initialise.ts';
import type { NamedTensor } from '../../models/types.ts';
import type { TensorInfo } from './answers.ts';

/** The head that turns the last token's state into a score, [1, hidden]. */
export const scoreName = 'score.weight';

/** The layers that make a prefix from an embedding, which has a prefix's own name. */
const transform = 'prompt_encoder.transform.';

/** transformers' `initializer_range`, where a model's config has none. */
const usualRange = 0.02;

/**
 * Adapters begin with the embedded engine's values, a score head with small normal ones, as transformers makes it. A prefix
 * by itself begins small as well, so that it hardly disturbs the model; what makes one begins as PyTorch's layers do.
 */
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
  const isProjected = trained.some(({ name }) => name.startsWith(transform));
  for (const { name, shape } of trained) {
    const count = shape.reduce((n, d) => n * d, 1);
    if (name === scoreName || name === prefixName) {
      const scale = name === prefixName && isProjected ? 1 : deviation;
      yield { name, shape, data: normalValues(count, seed, name).map((value) => scale * value) };
    } else if (name.startsWith(transform)) {
      const inputs = trained.find((other) => other.name === name.replace(/bias$/, 'weight'))?.shape[1] ?? 1;
      yield { name, shape, data: uniformValues(count, seed, name, 1 / Math.sqrt(inputs)) };
    }
  }
}

/** Numbers between -bound and bound, as `torch.nn.Linear` begins with for 1/sqrt(inputs). */
function uniformValues(count: number, seed: number, name: string, bound: number): Float32Array {
  const random = randomStream(seed, 'init', name);
  return Float32Array.from({ length: count }, () => bound * (2 * random.uniform() - 1));
}

/** Standard normal numbers (Box & Muller 1958). */
function normalValues(count: number, seed: number, name: string): Float32Array {
  const random = randomStream(seed, 'init', name);
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
    return radius * Math.cos(2 * Math.PI * random.uniform());
  });
}
