// Which layers see all tokens before and which a sliding window (Beltagy et al. 2020, arXiv:2004.05150).

import { countField, unsupported } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';

export type LayerType = 'full_attention' | 'sliding_attention';

/** The type of each layer: `layer_types` of the config where it has them, else by the family's own rule. */
export function layerTypes(config: ModelConfig, layers: number, rule: (layer: number) => LayerType): LayerType[] {
  const given = config['layer_types'] ?? undefined;
  if (given === undefined) return Array.from({ length: layers }, (_, i) => rule(i));
  if (Array.isArray(given) && given.length === layers && given.every(isLayerType)) return given;
  return unsupported(
    'layer_types',
    given,
    `full_attention or sliding_attention is needed for each of ${String(layers)} layers`,
  );
}

/** Tokens that each layer sees, itself included; undefined = all before. */
export function layerWindows(config: ModelConfig, types: readonly LayerType[]): (number | undefined)[] {
  if (!types.includes('sliding_attention')) return types.map(() => undefined);
  const window = countField(config, 'sliding_window');
  return types.map((type) => (type === 'sliding_attention' ? window : undefined));
}

/** For families whose layers are all alike: fails where the config says otherwise. */
export function uniformLayers(config: ModelConfig, layers: number, type: LayerType): void {
  if (layerTypes(config, layers, () => type).some((t) => t !== type)) {
    unsupported('layer_types', config['layer_types'], `all layers of this family are of the type ${type}`);
  }
}

function isLayerType(value: unknown): value is LayerType {
  return value === 'full_attention' || value === 'sliding_attention';
}
