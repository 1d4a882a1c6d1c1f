// The mapping table of Unsloth: scripts and notebooks, the arguments of unsloth-cli, and the YAML of its studio.

import { asFlag, calledThere, asList, choice, flag, none, number, rule, type Rule } from '../rule.ts';
import { loadIn4Bit, unslothAdapters } from './fourBits.ts';
import { dataset } from './values.ts';

export const unslothRules: readonly Rule[] = [
  loadIn4Bit(unslothAdapters),
  rule('method', ['full_finetuning'], '`true` → `full`', (value) =>
    asFlag(value) === true
      ? { value: 'full', why: calledThere(value) }
      : { todo: 'False: adapters are trained where get_peft_model says so.' },
  ),
  choice('method', ['training_type'], '', { lora: { value: 'lora' }, full: { value: 'full' } }, (value) => ({
    value: 'lora',
    why: `${value} does not exist here; LoRA takes its place.`,
    important: true,
  })),
  rule('data.train[].path', ['local_dataset'], 'a file', (value) => {
    const files = asList(value);
    const [first] = files;
    if (first === undefined) return { todo: 'No file is named. Nothing to do.' };
    if (files.length === 1) return { ...dataset({ id: first }), to: 'data.train[0].path' };
    return { value: files.map((path) => ({ path })), to: 'data.train' };
  }),
  choice(
    'data.format',
    ['format_type'],
    '`alpaca` → `instruction`, `chatml` → `messages`, `sharegpt` → `conversations`',
    {
      auto: { value: 'auto' },
      alpaca: { value: 'instruction', why: calledThere('alpaca') },
      chatml: { value: 'messages', why: calledThere('chatml') },
      sharegpt: { value: 'conversations', why: calledThere('sharegpt') },
    },
    () => ({ value: 'auto', why: 'The format is found from the rows.' }),
  ),
  rule('checkpoints.every', ['training.save_steps'], '`0` means only at the end', (value) =>
    Number(value) > 0
      ? { value: Number(value) }
      : { todo: '0 saves only at the end; here checkpoints are written besides, which changes no result.' },
  ),
  flag('lora.use_rslora', ['use_rslora']),
  number('lora.rank', ['get_peft_model.r', 'r', 'lora_r']),
  none(
    ['raw_text_file', 'chunk_size', 'stride'],
    'Put running text into a .jsonl file with a column `text` (format text).',
    true,
  ),
];
