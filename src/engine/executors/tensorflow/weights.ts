// Frozen weights as TensorFlow tensors: read once, shared by all graphs that use them, freed with the last of these.

import type { Tensor } from '@tensorflow/tfjs';
import { readTensor } from '../../../models/safetensors.ts';
import type { WeightEntry } from '../../../models/types.ts';
import type { TensorFlow } from './tensorflow.ts';

export interface WeightStore {
  /** The tensor of a stored weight, float32 whatever it is stored as; to be given back with `release`. */
  acquire(entry: WeightEntry): Promise<Tensor>;
  release(entry: WeightEntry): void;
}

export function createWeightStore(tf: TensorFlow): WeightStore {
  const loaded = new Map<string, { readonly tensor: Promise<Tensor>; users: number }>();
  const load = async (entry: WeightEntry): Promise<Tensor> =>
    tf.tensor(await readTensor(entry), [...entry.shape], 'float32');
  const keyOf = ({ file, offset, shape }: WeightEntry) => `${file}:${String(offset)}:${shape.join()}`;
  return {
    acquire: async (entry) => {
      const key = keyOf(entry);
      const known = loaded.get(key) ?? { tensor: load(entry), users: 0 };
      known.users++;
      loaded.set(key, known);
      try {
        return await known.tensor;
      } catch (error) {
        loaded.delete(key);
        throw error;
      }
    },
    release: (entry) => {
      const key = keyOf(entry);
      const known = loaded.get(key);
      if (!known || --known.users > 0) return;
      loaded.delete(key);
      void known.tensor.then((tensor) => tensor.dispose());
    },
  };
}
