// The mapping table of TRL: YAML of `trl sft --config`, arguments of its scripts, and SFTConfig in Python.

import { asFlag, calledThere, asList, asNumber, none, number, rule, text, type Rule } from '../rule.ts';
import { fourBitRules, loadIn4Bit, trlAdapters } from './fourBits.ts';
import { dataset } from './values.ts';

export const trlRules: readonly Rule[] = [
  loadIn4Bit(trlAdapters),
  ...fourBitRules,
  rule('method', ['use_peft'], '`true` → `lora`, `false` → `full`', (value) => ({
    value: asFlag(value) === true ? 'lora' : 'full',
    why: calledThere(value),
  })),
  {
    ...rule('data.max_length', ['max_length', 'max_seq_length'], 'no limit is the longest one here', (value) =>
      value === null
        ? {
            value: 1_048_576,
            why: 'No limit there. Lower it to the longest row that shall be trained.',
            important: true,
          }
        : { value: asNumber(value) },
    ),
    takesNull: true,
  },
  rule('data.overflow', ['truncation_mode'], '`keep_start` → `truncate`', (value) =>
    value === 'keep_start'
      ? { value: 'truncate', why: 'The end is cut.' }
      : { value: 'truncate', why: 'Here the end of a row is cut, not its beginning.', important: true },
  ),
  rule('data.order', ['shuffle_dataset'], '`true` → `random`', (value) =>
    asFlag(value) === true
      ? { value: 'random', why: calledThere(value) }
      : { todo: 'False: the sampler of the Trainer shuffles all the same, as here by default.' },
  ),
  rule(
    'data.train_on',
    ['completion_only_loss', 'assistant_only_loss', 'train_on_completions'],
    '`true` → `assistant`, `false` → `all`',
    (value) => ({
      value: asFlag(value) === true ? 'assistant' : 'all',
      why: calledThere(value),
    }),
  ),
  rule(
    'data.train[].path',
    ['dataset_name', 'dataset'],
    'a dataset of the hub → the file that a command makes of it',
    (value, context) => {
      const [first] = asList(value);
      if (first === undefined) return { todo: 'No dataset is named: write data.train.', important: true };
      const found = dataset({
        id: first,
        subset: context.value('dataset_config'),
        split: context.value('dataset_train_split'),
      });
      return 'value' in found ? { ...found, to: 'data.train[0].path' } : found;
    },
  ),
  rule('data.train[].path', ['datasets[].path'], 'each of them', (value, context, key) => {
    const of = (name: string): unknown =>
      context.keys.find((other) => other.name === `datasets[].${name}` && other.indexes[0] === key.indexes[0])?.value;
    return dataset({ id: String(value), subset: of('name'), split: of('split') });
  }),
  none(
    ['datasets[].*', 'dataset_config', 'dataset_train_split'],
    'Part of the command that makes the file (see data.train).',
  ),
  none(['dataset_test_split'], 'Measure on rows of your own: `data.validation` is a share of the rows or a file.'),
  rule('data.validation', ['test_split_size'], 'a share', (value) => ({ value: asNumber(value) })),
  text('data.columns.text', ['dataset_text_field', 'text_column']),
  rule('data.template', ['chat_template_path', 'chat_template'], 'a .jinja file', (value) =>
    /\.(?:jinja|jinja2|j2)$/.test(String(value))
      ? { value }
      : { value: 'chat', why: `The model's own template is taken for ${String(value)}.` },
  ),
  number('training.batch_size', ['per_device_train_batch_size', 'batch_size']),
];

/** The calls of Python scripts beside SFTConfig, whose names mean something else elsewhere. */
export const pythonRules: readonly Rule[] = [
  none(
    [
      'Trainer.model',
      'Trainer.tokenizer',
      'Trainer.train_dataset',
      'Trainer.eval_dataset',
      'Trainer.args',
      'Trainer.processing_class',
      'Trainer.data_collator',
      'Trainer.peft_config',
      'Trainer.callbacks',
    ],
    'A Python object. What it is made of was read where it is made; code of its own is not run.',
  ),
  none(
    ['Trainer.dataset_text_field', 'SFTConfig.dataset_text_field', 'UnslothTrainingArguments.dataset_text_field'],
    'A column that code of the script makes. Say with data.format, data.columns and data.template what the rows of the file are.',
  ),
  none(['get_peft_model.model'], 'A Python object. Nothing to do.'),
  rule('data.train[].path', ['load_dataset.path'], 'the first call of load_dataset', (value, context, key) => {
    const of = (name: string): unknown =>
      context.keys.find((other) => other.scope === key.scope && other.name === name && other.overruled === undefined)
        ?.value;
    const files = of('data_files');
    const found =
      typeof files === 'string'
        ? dataset({ id: files })
        : dataset({ id: String(value), subset: of('name'), split: of('split') });
    return 'value' in found ? { ...found, to: 'data.train[0].path' } : found;
  }),
  none(['load_dataset.*'], 'Part of the command that makes the file (see data.train).'),
  rule('data.train_on', ['train_on_responses_only.response_part'], '→ `assistant`', () => ({
    value: 'assistant',
    why: 'Only answers are trained; the template knows where they are.',
  })),
  none(['train_on_responses_only.*'], 'The template knows where answers begin and end. Nothing to do.'),
  rule('data.template', ['get_chat_template.chat_template'], "the model's own → `chat`", (value) => ({
    value: 'chat',
    why: `The model's own chat template is taken for ${String(value)}. Name a .jinja file if the model has another.`,
  })),
  none(['get_chat_template.*'], 'The template decides. Nothing to do.'),
];
