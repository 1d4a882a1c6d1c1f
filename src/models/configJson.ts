// Writes config.json so that numbers with a fraction keep their point: transformers 5 refuses `30` where it wants `30.0`.
import type { JsonObject } from './json.ts';

/** Fields of configs and of their `rope_scaling` that are fractions by type. */
const fractions = new Set([
  ...['rms_norm_eps', 'layer_norm_epsilon', 'initializer_range', 'attn_logit_softcapping', 'final_logit_softcapping'],
  ...['rope_theta', 'rope_local_base_freq', 'partial_rotary_factor', 'factor', 'attention_factor'],
  ...['low_freq_factor', 'high_freq_factor', 'beta_fast', 'beta_slow', 'mscale', 'mscale_all_dim'],
]);

/** The text of a config.json: `JSON.stringify`, but whole values of fractional fields end in `.0`. */
export function configJson(config: JsonObject): string {
  const text = JSON.stringify(
    config,
    (key, value: unknown) => (fractions.has(key) && Number.isInteger(value) ? `\0${String(value)}.0` : value),
    2,
  );
  return `${text.replaceAll(/"\\u0000(-?\d+\.0)"/g, '$1')}\n`;
}
