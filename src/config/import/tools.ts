// The four tools: what they are called, their rules in order of precedence, and where their defaults differ from ours.

import type { Method } from './defaults.ts';
import type { Dialect, Tool } from './source.ts';
import type { Rule } from './rule.ts';
import { axolotlRules } from './rules/axolotl.ts';
import { adapterRules, modelRules, trainerRules } from './rules/huggingFace.ts';
import { llamaFactoryRules } from './rules/llamaFactory.ts';
import { pythonRules, trlRules } from './rules/trl.ts';
import { unslothRules } from './rules/unsloth.ts';
import { withoutCounterpart } from './rules/without.ts';

/** What holds there where the source says nothing. */
export interface ToolDefault {
  readonly path: string;
  readonly value: string | number | boolean;
  /** Only for one method (`lora`: for qlora too); the default is every method. */
  readonly method?: Method;
  /** Beyond "the default of …". */
  readonly why?: string;
}

export interface ToolTable {
  readonly title: string;
  readonly rules: readonly Rule[];
  /** Blocks whose names say nothing, such as `training` of Unsloth's YAML. */
  readonly sections: readonly string[];
  readonly defaults: (dialect: Dialect, has: (name: string) => boolean) => readonly ToolDefault[];
}

const shared: readonly Rule[] = [...modelRules, ...trainerRules, ...adapterRules, ...withoutCounterpart];

/** Of the Hugging Face Trainer, where they are not ours. */
const trainerDefaults: readonly ToolDefault[] = [
  { path: 'training.batch_size', value: 8 },
  { path: 'training.learning_rate', value: 5e-5 },
  { path: 'training.lr_scheduler', value: 'linear' },
  { path: 'training.warmup_ratio', value: 0 },
  { path: 'training.weight_decay', value: 0 },
];

const noValidation: ToolDefault = { path: 'data.validation', value: 0, why: 'no rows are held back' };

const trlMask: ToolDefault = {
  path: 'data.train_on',
  value: 'all',
  why: 'every token of texts and chats is trained; for rows with prompt and completion, where only the completion is, write assistant',
};

export const tools: Readonly<Record<Tool, ToolTable>> = {
  axolotl: {
    title: 'Axolotl',
    rules: [...axolotlRules, ...shared],
    sections: [],
    defaults: (_dialect, has) => [
      ...(has('adapter') ? [] : [{ path: 'method', value: 'full' }]),
      { path: 'training.epochs', value: 1 },
      { path: 'training.batch_size', value: 1 },
      { path: 'training.weight_decay', value: 0 },
      { path: 'data.max_length', value: 512 },
      { path: 'data.overflow', value: 'drop', why: 'longer rows are left out' },
      noValidation,
      { path: 'lora.dropout', value: 0, method: 'lora' },
    ],
  },
  'llama-factory': {
    title: 'LLaMA-Factory',
    rules: [...llamaFactoryRules, ...shared],
    sections: [],
    defaults: (_dialect, has) => [
      // Its version 1 (`peft_config`) trains every weight where no adapter is asked for.
      ...(has('model_class') && !has('peft_config.name') ? [{ path: 'method', value: 'full' }] : []),
      ...trainerDefaults,
      { path: 'data.max_length', value: 2048 },
      noValidation,
      { path: 'lora.rank', value: 8, method: 'lora' },
      { path: 'lora.dropout', value: 0, method: 'lora' },
    ],
  },
  trl: {
    title: 'TRL',
    rules: [...pythonRules, ...trlRules, ...shared],
    sections: [],
    defaults: (dialect, has) => [
      ...(has('use_peft') || (dialect === 'python' && has('r')) ? [] : [{ path: 'method', value: 'full' }]),
      { path: 'training.learning_rate', value: 2e-5 },
      ...trainerDefaults.filter(({ path }) => path !== 'training.learning_rate'),
      noValidation,
      trlMask,
      { path: 'lora.alpha', value: 32, method: 'lora' },
      { path: 'quantization.double_quant', value: false, method: 'qlora' },
      // Of BitsAndBytesConfig; the scripts take nf4.
      ...(dialect === 'python' ? [{ path: 'quantization.type', value: 'fp4', method: 'qlora' } as const] : []),
    ],
  },
  unsloth: {
    title: 'Unsloth',
    rules: [...pythonRules, ...unslothRules, ...trlRules, ...shared],
    sections: ['data', 'training', 'lora', 'logging', 'inference'],
    defaults: (dialect, has) =>
      dialect === 'python' ? scriptDefaults(has) : [...programDefaults, noValidation, trlMask, ...adapterDefaults],
  },
};

/** What people call them. */
export const toolTitles: Readonly<Record<Tool, string>> = {
  axolotl: tools.axolotl.title,
  'llama-factory': tools['llama-factory'].title,
  trl: tools.trl.title,
  unsloth: tools.unsloth.title,
};

const adapterDefaults: readonly ToolDefault[] = [
  { path: 'lora.alpha', value: 16, method: 'lora' },
  { path: 'lora.dropout', value: 0, method: 'lora' },
];

/** Of unsloth-cli.py and of the studio. */
const programDefaults: readonly ToolDefault[] = [
  { path: 'seed', value: 3407 },
  { path: 'data.max_length', value: 2048 },
  { path: 'training.batch_size', value: 2 },
  { path: 'training.gradient_accumulation_steps', value: 4 },
  { path: 'training.lr_scheduler', value: 'linear' },
  { path: 'training.warmup_steps', value: 5 },
];

function scriptDefaults(has: (name: string) => boolean): ToolDefault[] {
  const isAdapter = has('r') || has('lora_alpha') || has('target_modules');
  const isWhole = ['load_in_4bit', 'load_in_8bit', 'load_in_16bit', 'full_finetuning'].some(has);
  const fourBits = { path: 'method', value: 'qlora', why: 'weights are loaded in 4 bits where nothing else is said' };
  return [
    ...(isAdapter ? [] : [{ path: 'method', value: 'full', why: 'no adapters are made' }]),
    ...(isAdapter && !isWhole ? [fourBits] : []),
    ...trainerDefaults,
    noValidation,
    trlMask,
    ...adapterDefaults,
  ];
}
