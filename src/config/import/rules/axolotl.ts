// The mapping table of Axolotl's YAML.

import {
  asFlag,
  calledThere,
  asNumber,
  choice,
  none,
  number,
  rule,
  text,
  type Carried,
  type Context,
  type Rule,
} from '../rule.ts';
import { axolotlAdapters, fourBitRules, loadIn4Bit } from './fourBits.ts';
import { dataset } from './values.ts';

/** Formats of its rows; what is before a dot or bracket counts. */
const types: Readonly<Record<string, string>> = {
  alpaca: 'instruction',
  chat_template: 'messages',
  sharegpt: 'conversations',
  completion: 'text',
  pretrain: 'text',
  oasst: 'instruction',
  alpaca_chat: 'instruction',
  reasoning: 'reasoning',
  input_output: 'auto',
};

export const axolotlRules: readonly Rule[] = [
  loadIn4Bit(axolotlAdapters, ({ value }) => value('adapter') === 'qlora'),
  ...fourBitRules,
  choice(
    'method',
    ['adapter'],
    'without it every weight is trained',
    { lora: { value: 'lora' }, qlora: { value: 'qlora' } },
    (value) => ({
      value: 'lora',
      why: `The adapter ${value} does not exist here; LoRA takes its place.`,
      important: true,
    }),
  ),
  {
    keys: ['rl'],
    to: 'objective',
    note: '`dpo`, `ipo`; others do not exist here',
    convert: (value) => {
      if (value === 'dpo') return { value };
      if (value === 'ipo')
        return { value: 'dpo', why: 'ipo is a loss of dpo: write `dpo: {loss_type: ipo}`.', important: true };
      return {
        todo: `The objective ${String(value)} does not exist here: this config would train on answers alone. Stay with Axolotl for it.`,
        important: true,
      };
    },
  },
  number('training.batch_size', ['micro_batch_size']),
  rule('training.gradient_accumulation_steps', ['batch_size'], 'over micro_batch_size', (value, context) => {
    const steps = Number(value) / Number(context.value('micro_batch_size') ?? 1);
    if (!(steps >= 1)) return { todo: 'Rows of a whole step: batch_size · gradient_accumulation_steps here.' };
    return { value: Math.round(steps), why: 'There it is the rows of a step; here batches are counted.' };
  }),
  number('data.max_length', ['sequence_len']),
  rule('data.overflow', ['excess_length_strategy'], '`raise` → `error`', (value) =>
    value === 'raise' ? { value: 'error', why: calledThere(value) } : { value },
  ),
  rule('lora.target_modules', ['lora_target_linear'], '`true` → `all-linear`', (value) =>
    asFlag(value) === true
      ? { value: 'all-linear', why: calledThere(value) }
      : { todo: 'False: the layers are named by lora_target_modules. Nothing to do.' },
  ),
  rule('data.train_on', ['train_on_inputs'], '`true` → `all`, `false` → `assistant`', (value) => ({
    value: asFlag(value) === true ? 'all' : 'assistant',
    why: calledThere(value),
  })),
  rule('data.order', ['curriculum_sampling', 'sample_packing_sequentially'], '`true` → `as_is`', (value) =>
    asFlag(value) === true
      ? { value: 'as_is', why: 'Rows in the order of the file.' }
      : { todo: 'False: rows are shuffled, as here by default.' },
  ),
  rule('data.order', ['shuffle_merged_datasets'], '`false` → `as_is`', (value) =>
    asFlag(value) === false
      ? { value: 'as_is', why: 'Rows in the order of the files.' }
      : { value: 'random', why: calledThere(value) },
  ),
  rule('training.min_lr_ratio', ['cosine_min_lr_ratio'], 'with a cosine: `cosine_with_min_lr`', (value) => {
    const ratio = asNumber(value);
    return ratio === undefined ? { todo: 'Not a number: write training.min_lr_ratio yourself.' } : { value: ratio };
  }),
  number('training.adam_epsilon', ['adam_eps']),
  rule(
    'data.train[].path',
    ['datasets[].path', 'pretraining_dataset[].path', 'pretraining_dataset', 'datasets', 'data_files'],
    'a dataset of the hub → the file that a command makes of it',
    (value, context, key) => path(value, context, key.indexes),
  ),
  {
    keys: [
      'datasets[].split',
      'pretraining_dataset[].split',
      'datasets[].name',
      'pretraining_dataset[].name',
      'datasets[].revision',
    ],
    note: 'part of the command that makes the file',
    convert: () => ({ todo: 'Part of the command that makes the file (see data.train).' }),
  },
  rule(
    'data.train[].path',
    ['datasets[].data_files', 'pretraining_dataset[].data_files'],
    'in place of the path',
    (value) => {
      const files = Array.isArray(value) ? value.map(String) : [String(value)];
      const [first = ''] = files;
      return dataset({ id: files.length > 1 ? `{${files.join(',')}}` : first });
    },
  ),
  rule(
    'data.train[].format',
    ['datasets[].message_property_mappings.role', 'datasets[].message_field_role'],
    '`from` → `conversations`',
    (value) =>
      value === 'from'
        ? { value: 'conversations', why: 'Turns with from and value are this format.' }
        : { todo: 'Turns with role and content are what messages are. Nothing to do.' },
  ),
  rule(
    'data.train[].format',
    ['datasets[].type'],
    '`alpaca` → `instruction`, `chat_template` → `messages`, `sharegpt` → `conversations`, `completion` → `text`',
    format,
  ),
  rule('data.validation', ['test_datasets[].path'], 'a file', (value, _context, key) =>
    key.indexes[0] === 0
      ? dataset({ id: String(value) })
      : { todo: 'Only one validation set: put the rows into one file.', important: true },
  ),
  none(['test_datasets[].*'], 'data.format and data.columns hold for the validation rows too.'),
  ...(['instruction', 'input', 'output', 'system'] as const).map((name) =>
    text(`data.train[].columns.${name}`, [`datasets[].type.field_${name}`, `datasets[].field_${name}`]),
  ),
  rule(
    'data.train[].columns.messages',
    ['datasets[].field_messages'],
    '`data.train[].columns.conversations` where turns have from and value',
    (value, context, key) => {
      const isShareGpt = context.keys.some(
        (other) =>
          /^datasets\[\]\.(?:message_property_mappings\.role|message_field_role|type)$/.test(other.name) &&
          other.indexes[0] === key.indexes[0] &&
          /^(?:from|sharegpt)/.test(String(other.value)),
      );
      return { value, ...(isShareGpt ? { to: 'data.train[].columns.conversations' } : {}) };
    },
  ),
  text('data.train[].columns.tools', ['datasets[].field_tools']),
  text('data.train[].columns.text', ['datasets[].field', 'datasets[].type.field', 'pretraining_dataset[].text_column']),
  rule('data.system', ['datasets[].type.system_prompt', 'default_system_message'], '', (value) =>
    value === '' ? { todo: 'Empty: nothing to do.' } : { value },
  ),
  none(
    ['datasets[].message_property_mappings.*', 'datasets[].message_field_content'],
    'Turns have role and content (messages) or from and value (conversations); rename others in the file.',
  ),
  none(
    [
      'datasets[].roles.*',
      'datasets[].roles_to_train',
      'datasets[].train_on_eos',
      'datasets[].train_on_eot',
      'datasets[].message_field_training*',
    ],
    '`data.train_on` says what is trained: every answer with its end of turn. Usual names of roles are known.',
  ),
  rule(
    'data.template',
    ['chat_template', 'datasets[].chat_template'],
    '`tokenizer_default`, and every named one → `chat`; `jinja` → a file',
    (value) => {
      if (value === 'tokenizer_default' || value === 'chat')
        return { value: 'chat', ...(value === 'chat' ? {} : { why: calledThere(value) }) };
      if (/\.(?:jinja|jinja2|j2)$/.test(String(value))) return { value };
      if (value === 'alpaca') return { value };
      return {
        value: 'chat',
        why: `The model's own template is taken for ${String(value)}. Name a .jinja file if the model has another.`,
      };
    },
  ),
  rule(
    'data.template',
    ['chat_template_jinja', 'datasets[].chat_template_jinja'],
    'a file; a text must become one',
    (value) =>
      /\.(?:jinja|jinja2|j2)$/.test(String(value))
        ? { value }
        : { todo: 'Save this template as a .jinja file and name it in data.template.', important: true },
  ),
  none(
    ['datasets[].type.*', 'pretraining_dataset[].type*'],
    'A layout of prompts of its own. Describe the rows with data.format, data.columns and data.template, a .jinja file if need be.',
    true,
  ),
  none(['datasets[].*', 'pretraining_dataset[].*', 'datasets.*'], 'Files are read as they are; see data.train.'),
  none(['use_pose', 'pose_*'], 'Positions are not stretched here.', true),
];

function path(value: unknown, context: Context, indexes: readonly number[]): ReturnType<Rule['convert']> {
  const [index] = indexes;
  const of = (name: string): unknown =>
    context.keys.find((key) => key.name === `datasets[].${name}` && key.indexes[0] === index)?.value;
  const files = of('data_files');
  if (files !== undefined && files !== null && index !== undefined)
    return { todo: 'The files are named by data_files. Nothing to do.' };
  const dsType = of('ds_type');
  const id = String(value);
  const isFile = typeof dsType === 'string' && !/\.\w+$/.test(id) && /^(?:\.|\/|data\/)/.test(id);
  const found = dataset({ id: isFile ? `${id}.${dsType}` : id, subset: of('name'), split: of('split') });
  return index === undefined && 'value' in found ? { ...found, to: 'data.train[0].path' } : found;
}

function format(value: unknown): ReturnType<Rule['convert']> {
  const name = String(value);
  const found = types[name.split(/[.:]/)[0] ?? name];
  const why: Carried = { value: found ?? 'auto', why: calledThere(value) };
  if (found !== undefined && name.split(/[.:]/).length === 1) return why;
  const todo = `${name} is a layout of rows of its own. The format is found from the rows; say it with data.format and data.columns if that fails.`;
  return found === undefined ? { value: 'auto', why: todo, important: true } : { ...why, why: todo };
}
