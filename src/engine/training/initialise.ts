// First values of the trained tensors.

import { readTensor } from '../../models/safetensors.ts';
import type { NamedTensor, WeightEntry } from '../../models/types.ts';
import { randomStream } from '../random.ts';
import type { Parameter } from '../model/build.ts';

/**
 * LoRA: A is Kaiming-uniform with a = √5, which is U(−1/√in, 1/√in) (He et al. 2015, arXiv:1502.01852, as PEFT does),
 * B is zero, so that the adapted model starts as the base model. Full: the stored weights. What this engine does not train
 * is zero until it is restored.
 */
export async function initialValues(
  parameter: Omit<Parameter, 'node'>,
  weights: ReadonlyMap<string, WeightEntry>,
  seed: number,
): Promise<Float32Array> {
  const size = parameter.shape.reduce((n, d) => n * d, 1);
  if (parameter.role === 'lora_A') {
    const random = randomStream(seed, 'init', parameter.name);
    const bound = 1 / Math.sqrt(parameter.shape[1]!);
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) values[i] = bound * (2 * random.uniform() - 1);
    return values;
  }
  if (parameter.role !== 'weight') return new Float32Array(size);
  const entry = weights.get(parameter.name);
  if (!entry) throw new Error(`the model has no weight ${parameter.name}`);
  return readTensor(entry);
}

/**
 * First values of fresh adapters for an engine that has its own tensors: the very ones that this engine begins with.
 * What this engine does not have (DoRA's lengths) is left as that one makes it.
 */
export async function* initialAdapter(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  seed: number,
): AsyncGenerator<NamedTensor> {
  for (const { name, shape } of tensors) {
    const [, role] = /\.(lora_[AB])\.weight$/.exec(name) ?? [];
    if (role !== 'lora_A' && role !== 'lora_B') continue;
    yield { name, shape, data: await initialValues({ name, shape, role }, new Map(), seed) };
  }
}
