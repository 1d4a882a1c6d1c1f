// Rotary embeddings for long contexts: GGUF's scaling fields and frequency tables → `rope_scaling` of config.json.
import type { JsonObject } from '../json.ts';
import type { MetadataFields } from './metadata.ts';

/** Factors by which frequencies are divided, one per pair of rotated dimensions. */
export interface FrequencyTables {
  /** `rope_freqs.weight`: how Llama 3.1 and later are stored. */
  readonly frequencies?: Float32Array;
  /** `rope_factors_long.weight` and `rope_factors_short.weight` of Phi-3 (LongRoPE, arXiv:2402.13753). */
  readonly long?: Float32Array;
  readonly short?: Float32Array;
}

/** The fields to be put into the config; none where nothing is scaled. */
export function ropeScaling(fields: MetadataFields, tables: FrequencyTables, headSize: number): JsonObject {
  const original = fields.optionalNumber('.rope.scaling.original_context_length');
  if (tables.long && tables.short) {
    const originalLength = original ?? fields.number('.context_length');
    return {
      original_max_position_embeddings: originalLength,
      rope_scaling: { type: 'longrope', long_factor: [...tables.long], short_factor: [...tables.short] },
    };
  }
  if (tables.frequencies) return llama3Scaling(fields, tables.frequencies, headSize);
  const type = fields.optionalString('.rope.scaling.type') ?? 'none';
  const factor = fields.optionalNumber('.rope.scaling.factor') ?? 1;
  switch (type) {
    case 'none':
      return {};
    case 'linear':
      return factor === 1 ? {} : { rope_scaling: { rope_type: 'linear', factor } };
    case 'yarn':
      return {
        rope_scaling: {
          rope_type: 'yarn',
          factor,
          ...(original === undefined ? {} : { original_max_position_embeddings: original }),
        },
      };
    default:
      throw fields.fail(`The rope scaling ${type} is not supported`);
  }
}

/**
 * Llama 3.1's scaling comes as the finished table. It is made from four numbers, three of which are the same in every
 * released model; the table that they give must be the stored one, else the model is refused.
 */
function llama3Scaling(fields: MetadataFields, stored: Float32Array, headSize: number): JsonObject {
  const theta = fields.optionalNumber('.rope.freq_base') ?? 10000;
  const factor = Math.max(...stored);
  if (factor === 1) return {};
  for (const original of [8192, 4096, 16384]) {
    const table = llama3Table(headSize, theta, factor, original);
    if (table.length === stored.length && table.every((value, i) => Math.abs(value / (stored[i] ?? 0) - 1) < 1e-4)) {
      const rope = { rope_type: 'llama3', factor, low_freq_factor: 1, high_freq_factor: 4 };
      return { rope_scaling: { ...rope, original_max_position_embeddings: original } };
    }
  }
  throw fields.fail('The frequency table `rope_freqs.weight` is of no known kind');
}

/** Frequency divisors of Llama 3.1: 1 for short wavelengths, `factor` for long ones, blended in between. */
export function llama3Table(headSize: number, theta: number, factor: number, original: number): number[] {
  return Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headSize);
    if (wavelength < original / 4) return 1;
    if (wavelength > original) return factor;
    const blend = (original / wavelength - 1) / 3;
    return 1 / ((1 - blend) / factor + blend);
  });
}
