// How a trained prefix is laid in files: as the PEFT adapter that it is, and its encoder while it is still trained.

import { architectureOf } from '../engine/architectures/registry.ts';
import { prefixName } from '../engine/prefix.ts';
import type { PrefixMethod, TrainingSession } from '../engine/session.ts';
import { prefixConfigText, prefixTensor, writePrefixAdapter, type PrefixSettings } from '../models/prefixAdapter.ts';
import type { LoadedModel } from '../models/types.ts';
import type { CheckpointLayout } from './checkpoint/store.ts';

export function prefixSettings(
  { virtualTokens, projection, encoderSize }: PrefixMethod,
  model: LoadedModel,
  base: Pick<PrefixSettings, 'baseModel' | 'revision'>,
): PrefixSettings {
  const { layers, kvHeads, headSize } = architectureOf(model.config);
  return { ...{ virtualTokens, projection, encoderSize, layers, kvHeads, headSize }, ...base };
}

/**
 * A checkpoint of a plain prefix is an adapter. One of a projected prefix holds the encoder that goes on being trained,
 * from which nobody but this program makes a prefix.
 */
export function prefixCheckpoint(settings: PrefixSettings): CheckpointLayout {
  const same = (name: string): string => name;
  if (settings.projection) {
    return { trainedFile: 'prefix_encoder.safetensors', storedName: same, sessionName: same, textFiles: {} };
  }
  return {
    trainedFile: 'adapter_model.safetensors',
    // What else is trained, the value head of PPO, lies beside it under its own name.
    storedName: (name) => (name === prefixName ? prefixTensor : name),
    sessionName: (name) => (name === prefixTensor ? prefixName : name),
    textFiles: { 'adapter_config.json': prefixConfigText(settings) },
  };
}

/** Writes the finished prefix. */
export async function writePrefix(folder: string, settings: PrefixSettings, session: TrainingSession): Promise<void> {
  await writePrefixAdapter(folder, settings, session.prefixTensors?.() ?? []);
}
