// The mapping table of LLaMA-Factory: YAML, JSON and the arguments of llamafactory-cli; its version 1 too.

import {
  asFlag,
  calledThere,
  asList,
  choice,
  isCarried,
  none,
  number,
  rule,
  text,
  type Context,
  type Rule,
} from '../rule.ts';
import { fourBitRules, llamaFactoryAdapters, quantizationBit } from './fourBits.ts';
import { dataset, isPath } from './values.ts';
import { isObject } from '../../../protocol/guards.ts';

export const llamaFactoryRules: readonly Rule[] = [
  quantizationBit(llamaFactoryAdapters),
  ...fourBitRules,
  choice(
    'method',
    ['finetuning_type', 'peft_config.name'],
    '`freeze`, `oft` → `lora`',
    { lora: { value: 'lora' }, full: { value: 'full' } },
    (value) => ({ value: 'lora', why: `${value} does not exist here; LoRA takes its place.`, important: true }),
  ),
  rule('objective', ['stage'], '`pt` is `sft` on texts, `rm` is `reward`; `dpo`; others do not exist here', (value) => {
    if (value === 'sft' || value === 'dpo') return { value };
    if (value === 'rm') return { value: 'reward', why: 'A reward model is trained by the objective reward.' };
    if (value === 'pt') return { value: 'sft', why: 'Running text is trained by the same objective (format text).' };
    return {
      todo: `The stage ${String(value)} does not exist here: this config would train on answers alone. Stay with LLaMA-Factory for it.`,
      important: true,
    };
  }),
  number('data.max_length', ['cutoff_len']),
  rule('data.train', ['dataset', 'train_dataset'], 'names of dataset_info.json → the files that it names', datasets),
  rule('data.validation', ['eval_dataset'], 'the name of a dataset → a file of this name', (value, context) => {
    const [first, ...others] = asList(value);
    if (first === undefined || others.length > 0)
      return { todo: 'One validation set: put the rows into one file and name it.', important: true };
    const { file, why } = named(first, context);
    return { value: file.path, why, important: true };
  }),
  none(['dataset_dir'], 'Files are named in data.train, relative to the config.'),
  none(['mix_strategy', 'interleave_probs'], 'All rows of all files are one epoch; a file may have a `weight`.'),
  none(['max_samples'], 'All rows are read. For fewer, make a smaller file.', true),
  rule('data.template', ['template'], '`alpaca` → `alpaca`, `empty` → `none`, all others → `chat`', (value) => {
    if (value === 'alpaca') return { value };
    if (value === 'empty') return { value: 'none', why: calledThere(value) };
    return { value: 'chat', why: `The model's own chat template is taken for ${String(value)}.` };
  }),
  text('data.system', ['default_system']),
  rule('data.train_on', ['train_on_prompt'], '`true` → `all`, `false` → `assistant`', (value) => ({
    value: asFlag(value) === true ? 'all' : 'assistant',
    why: calledThere(value),
  })),
  rule('data.train_on', ['mask_history'], '`true` → `last_assistant`', (value) =>
    asFlag(value) === true
      ? { value: 'last_assistant', why: calledThere(value) }
      : { todo: 'False: every answer is trained, as here by default.' },
  ),
  rule('data.order', ['disable_shuffling'], '`true` → `as_is`', (value) =>
    asFlag(value) === true ? { value: 'as_is', why: calledThere(value) } : { value: 'random', why: calledThere(value) },
  ),
  number('training.batch_size', ['micro_batch_size']),
  number('training.learning_rate', ['optim_config.lr']),
  number('training.weight_decay', ['optim_config.wd']),
  number('lora.rank', ['peft_config.r']),
  number('lora.alpha', ['peft_config.lora_alpha']),
  number('lora.dropout', ['peft_config.lora_dropout']),
  rule('lora.target_modules', ['peft_config.target_modules'], '`all` → `all-linear`', (value) =>
    value === 'all' ? { value: 'all-linear', why: calledThere(value) } : { value: asList(value) },
  ),
  none(['peft_config.*'], 'Adapters are plain LoRA on linear layers.'),
  none(['model_name_or_path.*', 'ref_*'], 'Not used by supervised fine-tuning.'),
];

function datasets(value: unknown, context: Context): ReturnType<Rule['convert']> {
  const found = asList(value).map((name) => named(name, context));
  if (found.length === 0) return { todo: 'No dataset is named: write data.train.', important: true };
  const why = found.map((one) => one.why).join(' ');
  return { value: found.map(({ file }) => file), why, important: found.some(({ important }) => important) };
}

interface Named {
  readonly file: {
    readonly path: string;
    readonly format?: string;
    readonly columns?: Readonly<Record<string, string>>;
  };
  readonly why: string;
  readonly important: boolean;
}

/** A dataset of dataset_info.json, where that was found; else the file that probably has its rows. */
function named(name: string, context: Context): Named {
  const folder = context.value('dataset_dir');
  const base = typeof folder === 'string' && folder !== '' ? folder.replace(/[\\/]$/, '') : 'data';
  const info = context.datasetInfo?.[name];
  if (isObject(info)) return described(name, info, base);
  if (/\.ya?ml$/.test(name)) {
    const why = `${name} describes the data; write the data's own file here.`;
    return { file: { path: name.replace(/\.ya?ml$/, '.jsonl') }, why, important: true };
  }
  if (isPath(name) || name.includes('/')) {
    const found = dataset({ id: name });
    if (isCarried(found))
      return { file: { path: String(found.value) }, why: found.why ?? 'A file.', important: found.important ?? false };
  }
  const why = `${name} is a name of dataset_info.json, which says where its rows are. Write that file here.`;
  return { file: { path: `${base}/${name}.json` }, why, important: true };
}

function described(name: string, info: Readonly<Record<string, unknown>>, base: string): Named {
  const { file_name: fileName, hf_hub_url: hub, subset, split, formatting } = info;
  const isChat = formatting === 'sharegpt' || formatting === 'openai';
  const tags = isObject(info['tags']) ? info['tags'] : {};
  const isMessages = formatting === 'openai' || tags['role_tag'] === 'role';
  const format = isChat ? (isMessages ? 'messages' : 'conversations') : 'instruction';
  const columns = columnsOf(info['columns'], format);
  const shape = { format, ...(Object.keys(columns).length === 0 ? {} : { columns }) };
  if (typeof fileName === 'string')
    return {
      file: { path: `${base}/${fileName}`, ...shape },
      why: `${name}, as dataset_info.json describes it.`,
      important: false,
    };
  const found = dataset({ id: typeof hub === 'string' ? hub : name, subset, split });
  if (!isCarried(found)) return { file: { path: `${base}/${name}.json`, ...shape }, why: found.todo, important: true };
  return { file: { path: String(found.value), ...shape }, why: found.why ?? `${name}, a file.`, important: true };
}

/** Their column names are ours turned around: `prompt: question` names the column of our instruction. */
function columnsOf(columns: unknown, format: string): Record<string, string> {
  if (!isObject(columns)) return {};
  const ours: Readonly<Record<string, string>> =
    format === 'instruction'
      ? { prompt: 'instruction', query: 'input', response: 'output', system: 'system' }
      : { messages: format, tools: 'tools' };
  const found = Object.entries(columns).flatMap(([theirs, column]) => {
    const name = ours[theirs];
    return name === undefined || typeof column !== 'string' || name === column ? [] : [[name, column] as const];
  });
  return Object.fromEntries(found);
}
