// Whole blocks to begin with: the fields that one writes most, with values to type over.

/** Lines of a block, with `${n:…}` as places to type; indented by two spaces for each depth. */
export interface BlockSnippet {
  readonly block: string;
  readonly title: string;
  readonly lines: readonly string[];
}

export const blockSnippets: readonly BlockSnippet[] = [
  {
    block: 'data',
    title: 'training rows and a share to validate on',
    lines: ['  train: ${1:data/train.jsonl}', '  validation: ${2:0.05}', '  max_length: ${3:1024}'],
  },
  {
    block: 'lora',
    title: 'adapters on all linear layers',
    lines: ['  rank: ${1:16}', '  alpha: ${2:32}', '  target_modules: ${3:all-linear}'],
  },
  {
    block: 'training',
    title: 'epochs, batches and learning rate',
    lines: [
      '  epochs: ${1:3}',
      '  batch_size: ${2:4}',
      '  gradient_accumulation_steps: ${3:4}',
      '  learning_rate: ${4:2e-4}',
    ],
  },
  {
    block: 'evaluation',
    title: 'validation loss and answers to watch',
    lines: ['  every: ${1:50}', '  prompts:', '    - ${2:Hello}'],
  },
  { block: 'checkpoints', title: 'how often, and how many are kept', lines: ['  every: ${1:200}', '  keep: ${2:3}'] },
  { block: 'early_stopping', title: 'stop when the validation loss no longer falls', lines: ['  patience: ${1:3}'] },
];
