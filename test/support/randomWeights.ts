// Random weights on disk for the model that a config describes.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelConfig } from '../../src/engine/architectures/configFields.ts';
import { modelUse } from '../../src/engine/architectures/modelUse.ts';
import { architectureOf } from '../../src/engine/architectures/registry.ts';
import { readSafetensors, writeSafetensors } from '../../src/models/safetensors.ts';
import type { WeightDtype, WeightEntry } from '../../src/models/types.ts';
import { randomArray } from './random.ts';

/** Writes them to a new temporary folder. Norms are near 1, biases near 0. */
export async function randomWeights(config: ModelConfig, dtype: WeightDtype = 'F32'): Promise<WeightEntry[]> {
  const { weights } = modelUse(architectureOf(config));
  const tensors = [...weights].map(([name, shape]) => {
    const data = randomArray(shape, name, shape.length === 1 ? 0.1 : 0.2);
    return { name, shape: [...shape], data: /norm|ln_/.test(name) ? data.map((v) => 1 + v) : data };
  });
  const file = join(await mkdtemp(join(tmpdir(), 'finetune-random-')), 'model.safetensors');
  await writeSafetensors(file, tensors, { dtype });
  return [...(await readSafetensors(file)).entries.values()];
}
