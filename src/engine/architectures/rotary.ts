// Rotary position tables from a model's config: plain and scaled frequencies, as transformers' modeling_rope_utils has them.

import { problem } from '../../protocol/problem.ts';
import {
  numberField,
  numberList,
  objectField,
  onlySupported,
  optionalNumber,
  stringField,
  unsupported,
} from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { RotaryTable } from './context.ts';

export interface RotaryRequest {
  readonly config: ModelConfig;
  readonly headSize: number;
  readonly contextLength: number;
  /** For models with several tables: this one's name. */
  readonly key?: string;
  /** In place of the config's own. */
  readonly parameters?: ModelConfig | undefined;
  readonly defaultTheta?: number;
  /** The family rotates only part of each head where its config says so; others refuse such a config. */
  readonly partial?: boolean;
}

/**
 * The table that a config describes: `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (before).
 * Scalings: linear, dynamic NTK, Llama 3, YaRN (Peng et al. 2023, arXiv:2309.00071), LongRoPE (Ding et al. 2024,
 * arXiv:2402.13753).
 */
export function rotaryTable(request: RotaryRequest): RotaryTable {
  const { config, headSize, contextLength } = request;
  const parameters =
    request.parameters ?? objectField(config, 'rope_parameters') ?? objectField(config, 'rope_scaling') ?? {};
  const theta = numberField(parameters, 'rope_theta', numberField(config, 'rope_theta', request.defaultTheta ?? 10000));
  const fraction = numberField(parameters, 'partial_rotary_factor', numberField(config, 'partial_rotary_factor', 1));
  if (!request.partial) onlySupported({ partial_rotary_factor: fraction }, 'partial_rotary_factor', [1]);
  const size = Math.floor(headSize * fraction);
  const half = size / 2;
  if (!Number.isInteger(half)) unsupported('head_dim', headSize, 'an even number of rotated features is needed');
  const base = { key: request.key ?? 'rotary', half };
  const kind = stringField(parameters, 'rope_type', stringField(parameters, 'type', 'default'));
  const plain = (t: number) => Float64Array.from({ length: half }, (_, i) => 1 / t ** ((2 * i) / size));
  const fixed = (frequencies: Float64Array, attentionFactor = 1): RotaryTable => ({
    ...base,
    inverseFrequencies: () => frequencies,
    attentionFactor: () => attentionFactor,
  });
  switch (kind) {
    case 'default':
      return fixed(plain(theta));
    case 'linear': {
      const factor = numberField(parameters, 'factor');
      return fixed(plain(theta).map((f) => f / factor));
    }
    case 'dynamic': {
      const factor = numberField(parameters, 'factor');
      return {
        ...base,
        inverseFrequencies: (length) => {
          const reached = Math.max(length, contextLength);
          return plain(theta * ((factor * reached) / contextLength - (factor - 1)) ** (size / (size - 2)));
        },
        attentionFactor: () => 1,
      };
    }
    case 'llama3':
      return fixed(llama3(plain(theta), parameters, originalLength(request, parameters)));
    case 'yarn':
      return fixed(...yarn(theta, size, parameters, { contextLength, original: originalLength(request, parameters) }));
    case 'longrope':
    case 'su':
      return {
        ...base,
        ...longrope(theta, size, parameters, { contextLength, original: originalLength(request, parameters) }),
      };
    default:
      throw problem(
        'model/unsupported-config',
        `config.json asks for the rotary scaling "${kind}", which the embedded engine does not compute; it knows default, linear, dynamic, llama3, yarn and longrope.`,
      );
  }
}

interface Lengths {
  readonly contextLength: number;
  /** Length of the sequences before the context was extended. */
  readonly original: number;
}

/** A length beside the scaling's own parameters goes before one inside, as in transformers. */
function originalLength({ config, contextLength }: RotaryRequest, parameters: ModelConfig): number {
  const field = 'original_max_position_embeddings';
  return optionalNumber(config, field) ?? optionalNumber(parameters, field) ?? contextLength;
}

/** Llama 3.1's scaling: long wavelengths are stretched, short ones kept, those between interpolated. */
function llama3(frequencies: Float64Array, parameters: ModelConfig, original: number): Float64Array {
  const factor = numberField(parameters, 'factor');
  const low = numberField(parameters, 'low_freq_factor');
  const high = numberField(parameters, 'high_freq_factor');
  return frequencies.map((f) => {
    const wavelength = (2 * Math.PI) / f;
    if (wavelength > original / low) return f / factor;
    if (wavelength < original / high) return f;
    const smooth = (original / wavelength - low) / (high - low);
    return ((1 - smooth) * f) / factor + smooth * f;
  });
}

function yarn(
  theta: number,
  size: number,
  parameters: ModelConfig,
  { contextLength, original }: Lengths,
): [frequencies: Float64Array, attentionFactor: number] {
  const factor = optionalNumber(parameters, 'factor') ?? contextLength / original;
  const magnitude = (scale: number, m = 1) => (scale <= 1 ? 1 : 0.1 * m * Math.log(scale) + 1);
  const mscale = optionalNumber(parameters, 'mscale');
  const mscaleAll = optionalNumber(parameters, 'mscale_all_dim');
  const attention =
    optionalNumber(parameters, 'attention_factor') ??
    (mscale && mscaleAll ? magnitude(factor, mscale) / magnitude(factor, mscaleAll) : magnitude(factor));
  const dimensionOf = (rotations: number) =>
    (size * Math.log(original / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const truncate = parameters['truncate'] !== false;
  const from = dimensionOf(numberField(parameters, 'beta_fast', 32));
  const to = dimensionOf(numberField(parameters, 'beta_slow', 1));
  const low = Math.max(truncate ? Math.floor(from) : from, 0);
  const high = Math.min(truncate ? Math.ceil(to) : to, size - 1);
  const width = high === low ? 0.001 : high - low;
  const frequencies = Float64Array.from({ length: size / 2 }, (_, i) => {
    const plain = 1 / theta ** ((2 * i) / size);
    const ramp = Math.min(1, Math.max(0, (i - low) / width));
    return (plain / factor) * ramp + plain * (1 - ramp);
  });
  return [frequencies, attention];
}

function longrope(
  theta: number,
  size: number,
  parameters: ModelConfig,
  { contextLength, original }: Lengths,
): Pick<RotaryTable, 'inverseFrequencies' | 'attentionFactor'> {
  const factor = optionalNumber(parameters, 'factor') ?? contextLength / original;
  const attention =
    optionalNumber(parameters, 'attention_factor') ??
    (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
  const frequencies = (field: string): Float64Array => {
    const factors = numberList(parameters, field);
    if (factors.length !== size / 2) unsupported(field, factors, `${String(size / 2)} numbers are needed there`);
    return Float64Array.from(factors, (factor, i) => 1 / (factor * theta ** ((2 * i) / size)));
  };
  const [near, far] = [frequencies('short_factor'), frequencies('long_factor')];
  return {
    inverseFrequencies: (length) => (length > original ? far : near),
    attentionFactor: () => attention,
  };
}
