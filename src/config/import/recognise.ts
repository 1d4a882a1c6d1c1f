// Which tool a text is for and how it is written, told by names that only this tool uses.

import { problem } from '../../protocol/problem.ts';
import type { Dialect, Tool } from './source.ts';

export interface Recognised {
  readonly tool: Tool;
  readonly dialect: Dialect;
  readonly isNotebook: boolean;
}

/** Names at the beginning of a line that tell a tool, each counting once. */
const marks: Readonly<Record<Tool, readonly RegExp[]>> = {
  axolotl: [
    /^base_model:/m,
    /^micro_batch_size:/m,
    /^sequence_len:/m,
    /^adapter:/m,
    /^datasets:/m,
    /^sample_packing:/m,
    /^num_epochs:/m,
    /^val_set_size:/m,
  ],
  'llama-factory': [
    /^"?finetuning_type"?:/m,
    /^\s*"?stage"?:/m,
    /^\s*"?cutoff_len"?:/m,
    /^\s*"?template"?:/m,
    /^\s*"?dataset"?:/m,
    /^\s*"?lora_target"?:/m,
    /^(?:peft_config|dist_config|kernel_config|model_class):/m,
    /^(?:do_train|plot_loss|preprocessing_num_workers):/m,
  ],
  trl: [
    /^dataset_name:/m,
    /^use_peft:/m,
    /^per_device_train_batch_size:/m,
    /^max_length:/m,
    /^model_name_or_path:/m,
    /^dataset_text_field:/m,
    /^assistant_only_loss:/m,
  ],
  unsloth: [
    /^\s+max_seq_length:/m,
    /^\s+training_type:/m,
    /^\s+train_on_completions:/m,
    /^\s+lora_r:/m,
    /^training:/m,
    /^lora:/m,
  ],
};

/** Programs in a command line. */
const programs: readonly (readonly [RegExp, Tool])[] = [
  [/llamafactory-cli|lmf |llama_?factory|src\/train\.py/i, 'llama-factory'],
  [/axolotl/, 'axolotl'],
  [/unsloth/, 'unsloth'],
  [/\btrl\b|\b(?:sft|dpo|grpo|kto|orpo|reward_modeling|rloo|ppo)\w*\.py\b/, 'trl'],
];

/** Finds tool and dialect. `wanted` is what a person said (`--from`). Throws `import/not-recognised`. */
export function recognise(text: string, file: string, wanted?: Tool): Recognised {
  const isNotebook = /\.ipynb$/i.test(file);
  const dialect = isNotebook ? 'python' : dialectOf(text, file);
  const tool = wanted ?? toolOf(text, dialect);
  if (tool === undefined)
    throw problem(
      'import/not-recognised',
      'This does not look like a config of Axolotl, LLaMA-Factory, TRL or Unsloth. If it is one, say which with --from.',
      { file },
    );
  return { tool, dialect, isNotebook };
}

function dialectOf(text: string, file: string): Dialect {
  if (/\.(?:sh|bash|zsh|ps1|bat|cmd)$/i.test(file) || text.startsWith('#!/bin/') || /^#!.*\b(?:ba|z)?sh\b/.test(text))
    return 'command';
  if (/\.py$/i.test(file)) return 'python';
  if (/\.(?:ya?ml|json)$/i.test(file)) return 'yaml';
  if (/^\s*(?:import|from)\s+\w/m.test(text)) return 'python';
  return /(?:^|\s)--\w/.test(text) && !/^\w+:/m.test(text) ? 'command' : 'yaml';
}

function toolOf(text: string, dialect: Dialect): Tool | undefined {
  if (dialect === 'command') {
    const named = programs.find(([pattern]) => pattern.test(text))?.[1];
    return named ?? (/--model_name_or_path|--dataset_name/.test(text) ? 'trl' : undefined);
  }
  if (dialect === 'python') {
    if (/\bunsloth\b/.test(text)) return 'unsloth';
    return /\b(?:SFTConfig|SFTTrainer|\w+TrainingArguments|TrainingArguments|DPOConfig|GRPOConfig|\w+Config)\s*\(/.test(
      text,
    ) && /\b(?:trl|transformers)\b/.test(text)
      ? 'trl'
      : undefined;
  }
  // JSON is looked at line by line too: quoted names at the left.
  const lines = text.replaceAll(/^\s*"(\w+)":/gm, (line, name: string) => (/^\s{0,4}"/.test(line) ? `${name}:` : line));
  const counts = Object.entries(marks).map(([tool, patterns]) => ({
    tool,
    count: patterns.filter((pattern) => pattern.test(lines)).length,
  }));
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a));
  return best.count >= 2 ? toolNames.find((name) => name === best.tool) : undefined;
}

export const toolNames: readonly Tool[] = ['axolotl', 'llama-factory', 'trl', 'unsloth'];
