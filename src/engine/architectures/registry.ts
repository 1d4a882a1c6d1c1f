// Chooses the model function by the config's `model_type`.

import { problem } from '../../protocol/problem.ts';
import type { ModelConfig } from './config-fields.ts';
import type { Architecture } from './context.ts';
import { llama } from './llama.ts';

const families: Readonly<Record<string, (config: ModelConfig) => Architecture>> = {
  llama,
};

/** Throws a ProblemError for a model family, or a field of its config, that the embedded engine does not compute. */
export function architectureOf(config: ModelConfig): Architecture {
  const type = config['model_type'];
  const family = typeof type === 'string' && Object.hasOwn(families, type) ? families[type] : undefined;
  if (config['quantization_config'] !== undefined) {
    throw problem(
      'model/unsupported-config',
      'config.json has a quantization_config: these weights are already quantized. Use the unquantized model, or its GGUF file.',
    );
  }
  if (family) return family(config);
  throw problem(
    'model/unknown-architecture',
    `The embedded engine does not know the model type ${JSON.stringify(type)}; it knows ${Object.keys(families).join(', ')}.`,
  );
}
