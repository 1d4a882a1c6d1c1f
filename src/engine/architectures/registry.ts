// Chooses the model function by the config's `model_type`.

import { problem } from '../../protocol/problem.ts';
import { onlySupported } from './configFields.ts';
import type { ModelConfig } from './configFields.ts';
import type { Architecture, ModelDescription } from './context.ts';
import { gemma, gemma2, gemma3, gemma3Text } from './gemma.ts';
import { gpt2 } from './gpt2.ts';
import { llama, mistral } from './llama.ts';
import { modelUse } from './modelUse.ts';
import { phi3 } from './phi3.ts';
import { qwen2, qwen3 } from './qwen.ts';

const families: Readonly<Record<string, (config: ModelConfig) => ModelDescription>> = {
  llama,
  mistral,
  qwen2,
  qwen3,
  phi3,
  gemma,
  gemma2,
  gemma3_text: gemma3Text,
  gemma3,
  gpt2,
};

/** Throws a ProblemError for a model family, or a field of its config, that the embedded engine does not compute. */
export function architectureOf(config: ModelConfig): Architecture {
  const type = config['model_type'];
  const family = typeof type === 'string' && Object.hasOwn(families, type) ? families[type] : undefined;
  if (!family) {
    throw problem(
      'model/unknown-architecture',
      `The embedded engine does not know the model type ${JSON.stringify(type)}; it knows ${Object.keys(families).join(', ')}.`,
    );
  }
  if (config['quantization_config'] !== undefined) {
    throw problem(
      'model/unsupported-config',
      'config.json has a quantization_config: these weights are already quantized. Use the unquantized model, or its GGUF file.',
    );
  }
  onlySupported(config, 'per_layer_config', []);
  const description = family(config);
  return { ...description, linearModules: modelUse(description).linearModules };
}
