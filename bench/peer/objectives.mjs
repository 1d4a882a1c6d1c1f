// What each objective is compared on: the rows, our config, and the peers as command lines.

import { benchmarkRows } from '../rows.mjs';

const lora = 'lora: { rank: 16, alpha: 32, dropout: 0 }';
const alpaca = benchmarkRows(1000);
const rows = alpaca
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const promptOf = ({ instruction, input }) => (input ? `${instruction}\n\n${input}` : instruction);
const lines = (list) => list.map((one) => `${JSON.stringify(one)}\n`).join('');

/** The worse answer of a pair is the one of the row that lies as far from the other end. */
const pairs = rows.map((row, i) => ({
  prompt: promptOf(row),
  chosen: row.output,
  rejected: rows[rows.length - 1 - i].output,
}));

const letters = `def letters(completions, **_):
    return [sum("a" <= letter <= "m" for letter in text) / max(1, len(text)) for text in completions]
`;

function training(steps, batch, rate, more = '') {
  return `training: { max_steps: ${steps}, batch_size: ${batch}, learning_rate: ${rate}, lr_scheduler: constant, warmup_steps: 0, weight_decay: 0${more} }`;
}

/** `script` and `options` for its peers by name; `config(precision)` without model, engine and data. */
export const objectives = {
  sft: {
    rows: alpaca,
    steps: 16,
    engines: ['embedded', 'torch'],
    config: (more) => `${lora}\n${training(16, 4, '2.0e-4', more)}\n`,
    script: 'trl_sft.py',
    peers: {
      'TRL as it ships (4 rows, fp32)': ['--batch', '4', '--steps', '16'],
      'TRL at its best (packed 1 × 512, bf16)': [
        ...['--batch', '1', '--steps', '16', '--packing', '--max-length', '512', '--bf16'],
      ],
    },
  },
  dpo: {
    rows: lines(pairs),
    steps: 4,
    engines: ['torch'],
    config: (more) => `objective: dpo\ndpo: { beta: 0.1 }\n${lora}\n${training(4, 4, '2.0e-5', more)}\n`,
    script: 'trl_pairs.py',
    peers: {
      'TRL (4 pairs, fp32)': ['--objective', 'dpo', '--steps', '4'],
      'TRL (4 pairs, bf16)': ['--objective', 'dpo', '--steps', '4', '--bf16'],
      'TRL as it ships (bf16, checkpointing)': ['--objective', 'dpo', '--steps', '4', '--bf16', '--checkpointing'],
    },
  },
  reward: {
    rows: lines(pairs),
    steps: 4,
    engines: ['torch'],
    config: (more) => `objective: reward\n${lora}\n${training(4, 4, '2.0e-5', more)}\n`,
    script: 'trl_pairs.py',
    peers: {
      'TRL (4 pairs, fp32)': ['--objective', 'reward', '--steps', '4'],
      'TRL (4 pairs, bf16)': ['--objective', 'reward', '--steps', '4', '--bf16'],
      'TRL as it ships (bf16, checkpointing)': ['--objective', 'reward', '--steps', '4', '--bf16', '--checkpointing'],
    },
  },
  grpo: {
    rows: lines(pairs.map(({ prompt }) => ({ prompt }))),
    steps: 6,
    engines: ['torch'],
    files: { 'rewards.py': letters },
    config: (more) =>
      `objective: grpo\ngrpo: { num_generations: 8, max_completion_length: 32 }\nreward: { function: 'rewards.py:letters' }\n${lora}\n${training(6, 1, '2.0e-5', more)}\n`,
    script: 'trl_grpo.py',
    peers: {
      'TRL (8 answers of 32 tokens, fp32)': ['--steps', '6'],
      'TRL (8 answers of 32 tokens, bf16)': ['--steps', '6', '--bf16'],
      'TRL as it ships (bf16, checkpointing)': ['--steps', '6', '--bf16', '--checkpointing'],
    },
  },
};
