// Cross-field rules: for each a config that breaks it, with the place, and one that is right.
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../src/config/check.ts';
import type { ConfigFacts } from '../../../src/config/facts.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { samePath } from '../../../src/config/rules/data.ts';
import { isGlob, isModelPath } from '../../../src/config/rules/files.ts';
import { configCodes, configRules } from '../../../src/config/rules/table.ts';
import { formatProblem } from '../../../src/protocol/problem.ts';

const model = {
  contextLength: 2048,
  linearModules: ['model.layers.0.self_attn.q_proj', 'model.layers.0.mlp.down_proj'],
  parameters: 135e6,
};

/** A disk of four files. */
const files: ConfigFacts = {
  fileExists: (path) => ['data/train.jsonl', 'data/valid.jsonl', './models/tiny', 'chat.jinja'].includes(path),
  listFolder: (folder) => (folder === 'data' ? ['train.jsonl', 'valid.jsonl'] : folder === './models' ? ['tiny'] : []),
  countMatches: (glob) => (glob === 'data/*.jsonl' ? 2 : 0),
};

function check(text: string, facts: ConfigFacts): string[] {
  const { config, problems, positions } = parseConfig(text, 'x', {});
  expect(problems).toEqual([]);
  return checkConfig(config!, facts, positions).map((found) => `${found.severity}: ${formatProblem(found)}`);
}

/** `data` and further lines (from line 4 on) after the two that every config has. */
function config(rest: string, data = 'data: {train: a.jsonl}'): string {
  return `version: 1\nmodel: a/b\n${data}\n${rest}\n`;
}

interface Case {
  readonly code: string;
  readonly text: string;
  readonly facts?: ConfigFacts;
  /** `severity: x:line:column: …` up to and without the code. */
  readonly expected: readonly string[];
}

const broken: readonly Case[] = [
  {
    code: 'torch-missing',
    text: config('engine: torch'),
    facts: { machine: { cores: 1, devices: [], torchMissing: 'Run it.' } },
    expected: ['error: x:4:9: Run it.'],
  },
  {
    code: 'needs-torch',
    text: config('engine: embedded\ntraining: {mixed_precision: bf16}'),
    expected: [
      'error: x:5:29: The embedded engine computes in 32-bit floats. Write `mixed_precision: no`, or `engine: torch`.',
    ],
  },
  {
    code: 'needs-torch',
    text: config('engine: embedded\nmethod: qlora'),
    expected: [
      'error: x:5:9: The embedded engine does not train beside 4-bit weights. Write `method: lora`, or `engine: torch`.',
    ],
  },
  {
    code: 'needs-torch',
    text: config('engine: embedded\nlora: {use_dora: true}'),
    expected: ['error: x:5:18: The embedded engine does not train DoRA. Write `use_dora: false`, or `engine: torch`.'],
  },
  {
    code: 'quantization-unused',
    text: config('quantization: {type: fp4}'),
    expected: ['warning: x:4:1: `quantization` is not used by method lora. Remove it, or write `method: qlora`.'],
  },
  {
    code: 'needs-torch',
    text: config('engine: embedded\nmethod: prefix'),
    expected: ['error: x:5:9: The embedded engine does not train prefixes. Write `method: lora`, or `engine: torch`.'],
  },
  {
    code: 'prefix-unused',
    text: config('prefix: {num_virtual_tokens: 8}'),
    expected: ['warning: x:4:1: `prefix` is not used by method lora. Remove it, or write `method: prefix`.'],
  },
  {
    code: 'encoder-hidden-size-unused',
    text: config('method: prefix\nprefix: {encoder_hidden_size: 8}'),
    expected: [
      'warning: x:5:10: `encoder_hidden_size` is not used without `prefix_projection: true`. Remove it, or project.',
    ],
  },
  {
    code: 'packing-with-prefix',
    text: config('method: prefix', 'data: {train: a.jsonl, packing: true}'),
    expected: [
      'error: x:3:33: Rows behind one prefix would see each other, so each gets a sequence of its own. Remove this line.',
    ],
  },
  {
    code: 'checkpointing-with-prefix',
    text: config('method: prefix\ntraining: {gradient_checkpointing: true}'),
    expected: ['error: x:5:36: Layers that are computed again do so without the prefix. Remove this line.'],
  },
  {
    code: 'objective-with-prefix',
    text: config('method: prefix\nobjective: reward'),
    expected: [
      'error: x:4:9: The objective reward trains a head besides, which is not saved with a prefix. Write `method: lora`.',
    ],
  },
  {
    code: 'prefix-beyond-context',
    text: config('method: prefix\nprefix: {num_virtual_tokens: 2048}'),
    facts: { model },
    expected: [
      "error: x:5:30: The model's context has 2048 tokens, and a prefix of 2048 leaves none of it. Take a shorter one.",
    ],
  },
  {
    code: 'max-length-beyond-context',
    text: config('method: prefix', 'data: {train: a.jsonl, max_length: 2029}'),
    facts: { model },
    expected: [
      "error: x:3:36: The model's context has 2048 tokens, of which a prefix of 20 leaves 2028. Take at most that.",
    ],
  },
  {
    code: 'lora-unused',
    text: config('method: prefix\nlora: {rank: 8, alpha: 1, init_from: nowhere}'),
    facts: { fileExists: (path) => path !== 'nowhere' },
    expected: ['warning: x:5:1: `lora` is not used by method prefix. Remove it, or write `method: lora`.'],
  },
  {
    code: 'learning-rate-unusual',
    text: config('method: prefix\ntraining: {learning_rate: 0.1}'),
    expected: ['hint: x:5:27: Usual learning rates for prefix are 5e-5 to 0.05. Training may become unstable.'],
  },
  {
    code: 'cannot-shard',
    text: config('method: prefix\ndistributed: {processes: 2, strategy: fsdp}'),
    expected: ['error: x:5:39: Models with a prefix cannot be laid in shards. Write `strategy: ddp`.'],
  },
  {
    code: 'needs-torch',
    text: config('engine: embedded\nobjective: dpo'),
    expected: ['error: x:5:12: The embedded engine trains by sft alone. Write `engine: torch` or `auto` for dpo.'],
  },
  {
    code: 'objective-block-unused',
    text: config('objective: reward\ndpo: {beta: 0.2}'),
    expected: ['warning: x:5:1: `dpo` is not used by objective reward. Remove it, or write `objective: dpo`.'],
  },
  {
    code: 'label-smoothing-unused',
    text: config('objective: dpo\ndpo: {loss_type: ipo, label_smoothing: 0.1}'),
    expected: ['warning: x:5:23: `label_smoothing` is not used by loss_type ipo. Remove it, or take sigmoid.'],
  },
  {
    code: 'format-not-for-objective',
    text: config('objective: dpo', 'data: {train: a.jsonl, format: messages}'),
    expected: [
      'error: x:3:32: The objective dpo cannot use rows of format messages. It needs a better and a worse answer to each prompt (format preference).',
    ],
  },
  {
    code: 'format-not-for-objective',
    text: config('', 'data: {train: [{path: a.jsonl, format: preference}, {path: b.jsonl}], format: text}'),
    expected: [
      'error: x:3:40: The objective sft cannot use rows of format preference. To learn from pairs take `objective: dpo` or `reward`.',
    ],
  },
  {
    code: 'format-not-for-objective',
    text: config('objective: reward'),
    facts: { formats: { 'a.jsonl': 'instruction' } },
    expected: [
      'error: x:3:15: The objective reward cannot use these rows, which look like instruction. It needs a better and a worse answer to each prompt (format preference).',
    ],
  },
  {
    code: 'reward-missing',
    text: config('objective: grpo\nreward: {timeout: 5}'),
    expected: [
      'error: x:5:9: Say what an answer is worth: `reward.function`, `model`, `exact_match`, `regex` or `max_length`.',
    ],
  },
  {
    code: 'reward-model-unusable',
    text: config('objective: grpo\nreward: {model: ./judge}'),
    facts: { rewardModel: { unusable: 'This model has 2 labels.' } },
    expected: ['error: x:5:17: This model has 2 labels.'],
  },
  {
    code: 'reward-lengths-cross',
    text: config('objective: grpo\nreward: {min_length: 9, max_length: 8}'),
    expected: ['error: x:5:22: No answer has at least 9 and at most 8 tokens. Take a min_length of 8 or less.'],
  },
  {
    code: 'file-not-found',
    text: config('objective: grpo\nreward: {model: ./judge}', 'data: {train: data/train.jsonl}').replace(
      'a/b',
      './models/tiny',
    ),
    facts: files,
    expected: ['error: x:5:17: ./judge is not there. Paths are relative to the folder of this config.'],
  },
  {
    code: 'clip-unused',
    text: config('objective: grpo\nreward: {regex: a}\ngrpo: {epsilon: 0.1}'),
    expected: ['warning: x:6:8: `epsilon` has an effect with `num_iterations` above 1 only. Remove it, or take more.'],
  },
  {
    code: 'clip-unused',
    text: config('objective: ppo\nreward: {regex: a}\nppo: {num_ppo_epochs: 1, cliprange: 0.1, cliprange_value: 0.1}'),
    expected: [
      'warning: x:6:26: `cliprange` has an effect with `num_ppo_epochs` above 1 only. Remove it, or take more.',
      'warning: x:6:42: `cliprange_value` has an effect with `num_ppo_epochs` above 1 only. Remove it, or take more.',
    ],
  },
  {
    code: 'objective-block-unused',
    text: config('objective: grpo\nreward: {regex: a}\nppo: {}'),
    expected: ['warning: x:6:1: `ppo` is not used by objective grpo. Remove it, or write `objective: ppo`.'],
  },
  {
    code: 'reward-missing',
    text: config('objective: ppo'),
    expected: [
      'error: x:4:12: Say what an answer is worth: `reward.function`, `model`, `exact_match`, `regex` or `max_length`.',
    ],
  },
  {
    code: 'objective-block-unused',
    text: config('reward: {regex: a}'),
    expected: [
      'warning: x:4:1: `reward` is not used by objective sft. Remove it, or write `objective: grpo` or `objective: ppo`.',
    ],
  },
  {
    code: 'format-not-for-objective',
    text: config('objective: grpo\nreward: {regex: a}', 'data: {train: a.jsonl, format: text}'),
    expected: [
      'error: x:3:32: The objective grpo cannot use rows of format text. It needs prompts, alone (format prompt) or with an answer that is left out.',
    ],
  },
  {
    code: 'file-not-found',
    text: config(
      'objective: grpo\nreward: {function: data/rewards.py:mine}',
      'data: {train: data/train.jsonl}',
    ).replace('a/b', './models/tiny'),
    facts: files,
    expected: ['error: x:5:20: data/rewards.py is not there. Paths are relative to the folder of this config.'],
  },
  {
    code: 'prompts-unused',
    text: config('objective: reward\nevaluation: {prompts: [Hi]}'),
    expected: [
      'warning: x:5:14: A reward model gives a number and no answers, so nothing is asked. Remove the prompts.',
    ],
  },
  {
    code: 'learning-rate-unusual',
    text: config('objective: dpo\ntraining: {learning_rate: 2e-4}'),
    expected: [
      'hint: x:5:27: Usual learning rates for lora and objective dpo are 5e-6 to 5e-5. Training may become unstable.',
    ],
  },
  {
    code: 'file-not-found',
    text: config(
      'lora: {init_from: adapters/x}',
      'data: {train: data/trian.jsonl, validation: vlaid.jsonl, template: chta.jinja}',
    ).replace('a/b', './models/tiyn'),
    facts: files,
    expected: [
      'error: x:2:8: ./models/tiyn is not there. Did you mean ./models/tiny?',
      'error: x:3:15: data/trian.jsonl is not there. Did you mean data/train.jsonl?',
      'error: x:3:45: vlaid.jsonl is not there. Paths are relative to the folder of this config.',
      'error: x:3:68: chta.jinja is not there. Paths are relative to the folder of this config.',
      'error: x:4:19: adapters/x is not there. Paths are relative to the folder of this config.',
    ],
  },
  {
    code: 'file-not-found',
    text: config('', 'data: {train: data/train.jsonl, validation: 5%}'),
    facts: files,
    expected: ['error: x:3:45: Write a share as a number: 0.05.'],
  },
  {
    code: 'no-files-match',
    text: config('', 'data: {train: [{path: data/*.jsonl}, {path: rows/**}]}'),
    facts: files,
    expected: [
      'error: x:3:45: No file matches rows/**. Paths are relative to the folder of this config; `**` goes through subfolders.',
    ],
  },
  {
    code: 'output-not-writable',
    text: config('output: notes.txt/out'),
    facts: { cannotWrite: () => ({ path: 'notes.txt', reason: 'file' }) },
    expected: [
      'error: x:4:9: The result cannot be copied to notes.txt/out, since notes.txt is a file. Name another folder.',
    ],
  },
  {
    code: 'validation-is-train',
    text: config('', 'data: {train: [{path: a.jsonl}, {path: ./x/../b.jsonl}], validation: b.jsonl}'),
    expected: [
      'error: x:3:70: These rows are trained on as well. Name another file, or a share such as 0.05 that is kept apart.',
    ],
  },
  {
    code: 'max-length-beyond-context',
    text: config('', 'data: {train: a.jsonl, max_length: 4096}'),
    facts: { model },
    expected: ["error: x:3:36: The model's context has 2048 tokens. Take at most that."],
  },
  {
    code: 'columns-unused',
    text: config(
      '',
      'data: {train: [{path: a, format: text, columns: {prompt: q}}], format: messages, columns: {messages: m}}',
    ),
    expected: ['warning: x:3:50: Rows of format text have no prompt. They have text.'],
  },
  {
    code: 'columns-unused',
    text: config('', 'data: {train: a, format: instruction, columns: {output: o, answer: a}}'),
    expected: [
      'warning: x:3:60: Rows of format instruction have no answer. They have system, instruction, input, output.',
    ],
  },
  {
    code: 'chat-fields-unused',
    text: config('', 'data: {train: a, format: text, train_on: all, system: hi}'),
    expected: [
      'warning: x:3:32: `train_on` is not used for rows of format text, which are trained whole. Remove it.',
      'warning: x:3:47: `system` is not used for rows of format text, which are trained whole. Remove it.',
    ],
  },
  {
    code: 'output-is-input',
    text: config('output: models/tiny/').replace('a/b', './models/tiny'),
    expected: ['error: x:4:9: The run reads from here, so the result would overwrite it. Name another folder.'],
  },
  {
    code: 'epochs-and-max-steps',
    text: config('training: {epochs: 1, max_steps: 5}'),
    expected: ['error: x:4:23: `epochs` says already how long the run is. Keep one of the two.'],
  },
  {
    code: 'warmup-ratio-and-steps',
    text: config('training: {warmup_steps: 1, warmup_ratio: 0.1}'),
    expected: ['error: x:4:12: `warmup_ratio` says already how long the warm-up is. Keep one of the two.'],
  },
  {
    code: 'warmup-too-long',
    text: config('training: {warmup_steps: 25, epochs: 1}'),
    facts: { rows: { train: 100, validation: 5 } },
    expected: [
      'warning: x:4:26: The run has 25 steps, all of them warm-up: the learning rate never reaches its value. Take fewer steps, or warmup_ratio.',
    ],
  },
  {
    code: 'warmup-and-decay-overlap',
    text: config('training: {lr_scheduler: warmup_stable_decay, max_steps: 100, warmup_steps: 52, decay_ratio: 0.5}'),
    expected: [
      'error: x:4:94: 52 steps of warm-up and 50 of decay do not fit into the 100 steps of the run. Shorten one of them.',
    ],
  },
  {
    code: 'warmup-and-decay-overlap',
    text: config('training: {lr_scheduler: warmup_stable_decay, max_steps: 100, warmup_ratio: 0.9}'),
    expected: [
      'error: x:4:26: 90 steps of warm-up and 20 of decay do not fit into the 100 steps of the run. Shorten one of them.',
    ],
  },
  {
    code: 'min-lr-unused',
    text: config('training: {min_lr_ratio: 0.1}'),
    expected: [
      'warning: x:4:12: `min_lr_ratio` is not used by the schedule cosine. Remove it, or take cosine_with_min_lr or warmup_stable_decay.',
    ],
  },
  {
    code: 'decay-ratio-unused',
    text: config('training: {lr_scheduler: cosine_with_min_lr, decay_ratio: 0.1}'),
    expected: [
      'warning: x:4:46: `decay_ratio` is not used by the schedule cosine_with_min_lr. Remove it, or take warmup_stable_decay.',
    ],
  },
  {
    code: 'adam-unused',
    text: config('training: {optimizer: sgd, adam_beta1: 0.9, adam_epsilon: 1e-8}'),
    expected: [
      'warning: x:4:28: `adam_beta1` is not used by the optimizer sgd. Remove it, or take adamw.',
      'warning: x:4:45: `adam_epsilon` is not used by the optimizer sgd. Remove it, or take adamw.',
    ],
  },
  {
    code: 'learning-rate-unusual',
    text: config('training: {learning_rate: 1e-3}'),
    facts: { model },
    expected: ['hint: x:4:27: Usual learning rates for lora are 5e-5 to 5e-4. Training may become unstable.'],
  },
  {
    code: 'learning-rate-unusual',
    text: config('method: full\ntraining: {learning_rate: 5e-7}'),
    expected: ['hint: x:5:27: Usual learning rates for full are 1e-6 to 1e-4. The model may hardly change.'],
  },
  {
    code: 'learning-rate-unusual',
    text: config('training: {learning_rate: 4e-4, lora_lr_ratio: 2}'),
    expected: ['hint: x:4:27: Usual learning rates for lora are 5e-5 to 5e-4. Training may become unstable.'],
  },
  {
    code: 'lora-unused',
    text: config('method: full\nlora: {rank: 8}\ntraining: {lora_plus_ratio: 16}'),
    expected: [
      'warning: x:5:1: `lora` is not used by method full. Remove it, or write `method: lora`.',
      'warning: x:6:12: `training.lora_plus_ratio` is not used by method full. Remove it, or write `method: lora`.',
    ],
  },
  {
    code: 'alpha-far-from-rank',
    text: config('lora: {alpha: 8}'),
    expected: ['hint: x:4:15: The adapters are scaled by alpha / rank = 0.5; usual is 1 to 2, so alpha from 16 to 32.'],
  },
  {
    code: 'alpha-far-from-rank',
    text: config('lora: {rank: 8, alpha: 17}'),
    expected: ['hint: x:4:24: The adapters are scaled by alpha / rank = 2.13; usual is 1 to 2, so alpha from 8 to 16.'],
  },
  {
    code: 'unknown-target-module',
    text: config('lora: {target_modules: [q_proj, dwn_proj, c_attn]}'),
    facts: { model },
    expected: [
      'error: x:4:33: The model has no linear layer named dwn_proj. Did you mean down_proj?',
      'error: x:4:43: The model has no linear layer named c_attn. It has q_proj, down_proj.',
    ],
  },
  {
    code: 'adapter-needs-dora',
    text: config('lora: {init_from: ./x}'),
    facts: { adapter: { rank: 16, alpha: 8, targetModules: 'all-linear', useRslora: false, useDora: true } },
    expected: [
      'error: x:4:19: The adapter of `lora.init_from` has lengths of its own (DoRA). Write `use_dora: true` beside it.',
    ],
  },
  {
    code: 'adapter-differs',
    text: config('lora: {init_from: ./x, use_dora: true}'),
    facts: { adapter: { rank: 16, alpha: 8, targetModules: 'all-linear', useRslora: false, useDora: false } },
    expected: [
      'error: x:4:34: The adapter of `lora.init_from` has use_dora false. Remove this line to take it over, or start a fresh adapter.',
    ],
  },
  {
    code: 'adapter-differs',
    text: config('lora: {init_from: ./x, rank: 8, alpha: 8, use_rslora: true}'),
    facts: { adapter: { rank: 16, alpha: 8, targetModules: 'all-linear', useRslora: false, useDora: false } },
    expected: [
      'error: x:4:30: The adapter of `lora.init_from` has rank 16. Remove this line to take it over, or start a fresh adapter.',
      'error: x:4:55: The adapter of `lora.init_from` has use_rslora false. Remove this line to take it over, or start a fresh adapter.',
    ],
  },
  {
    code: 'early-stopping-without-validation',
    text: config('early_stopping: {patience: 2}', 'data: {train: a, validation: 0}'),
    expected: [
      'error: x:4:1: `early_stopping` watches the validation loss, and there are no validation rows. Give data.validation a share such as 0.05, or a file.',
    ],
  },
  {
    code: 'best-by-without-validation',
    text: config('checkpoints: {best_by: eval_loss}'),
    facts: { rows: { train: 10, validation: 0 } },
    expected: [
      'error: x:4:24: Checkpoints are compared by validation loss, and there are no validation rows. Give data.validation a share such as 0.05, or a file.',
    ],
  },
  {
    code: 'every-beyond-end',
    text: config('evaluation: {every: 10}\ncheckpoints: {every: 11}\ntraining: {max_steps: 10}'),
    expected: ['hint: x:5:22: The run has 10 steps, so this happens at its end only.'],
  },
  {
    code: 'max-new-tokens-unused',
    text: config('evaluation: {max_new_tokens: 8}'),
    expected: ['hint: x:4:14: `max_new_tokens` is the length of answers to `evaluation.prompts`, and there are none.'],
  },
  {
    code: 'needs-torch',
    text: config('engine: embedded\ndistributed: {processes: 2}'),
    expected: [
      'error: x:5:14: The embedded engine trains in one process. Remove this block, or write `engine: torch`.',
    ],
  },
  {
    code: 'idle-processes',
    text: config('training: {batch_size: 1, gradient_accumulation_steps: 3}\ndistributed: {processes: 4}'),
    expected: [
      'warning: x:5:26: A step has 3 rows (batch_size · gradient_accumulation_steps), so that only 3 of 4 processes would have something to do.',
    ],
  },
  {
    code: 'too-many-processes',
    text: config('distributed: {processes: 4}'),
    facts: { machine: { cores: 8, devices: [{ name: 'cuda', kind: 'gpu', usable: true, count: 2 }] } },
    expected: ['error: x:4:26: Each process needs a GPU of its own, and cuda has 2 on this machine.'],
  },
  {
    code: 'cpu-offload-unused',
    text: config('distributed: {processes: 2, cpu_offload: true}'),
    expected: ['error: x:4:42: Strategy ddp has no shards: cpu_offload would do nothing.'],
  },
  {
    code: 'cpu-offload-unused',
    text: config('device: cpu\ndistributed: {processes: 2, strategy: fsdp, cpu_offload: true}'),
    expected: ['error: x:5:58: On the CPU everything lies in its memory already: cpu_offload would do nothing.'],
  },
  {
    code: 'cannot-shard',
    text: config('method: qlora\ndistributed: {processes: 2, strategy: zero2}'),
    expected: ['error: x:5:39: Weights in 4 bits cannot be laid in shards. Write `strategy: ddp`.'],
  },
  {
    code: 'uneven-hosts',
    text: config('distributed: {processes: 3, hosts: [a, b]}'),
    expected: ['error: x:4:26: 3 processes cannot be divided among 2 hosts. Take 2, 4, …'],
  },
  {
    code: 'hosts-and-slurm',
    text: config('distributed: {processes: 2, hosts: [a, b], slurm: {nodes: 2}}'),
    expected: ['error: x:4:36: SLURM chooses the hosts. Remove this line, or the block `slurm`.'],
  },
  {
    code: 'device-unavailable',
    text: config('device: cuda'),
    facts: {
      machine: {
        cores: 2,
        devices: [
          { name: 'cuda', kind: 'gpu', usable: false, detail: 'no driver' },
          { name: 'webgpu', kind: 'gpu', usable: true },
          { name: 'cpu', kind: 'cpu', usable: true },
        ],
      },
    },
    expected: [
      'error: x:4:9: cuda is not usable on this machine (cuda: no driver). Usable: webgpu, cpu. `device: auto` takes the best of these.',
    ],
  },
  {
    code: 'device-unavailable',
    text: config('device: gpu'),
    facts: { machine: { cores: 2, devices: [{ name: 'cpu', kind: 'cpu', usable: true }] } },
    expected: ['error: x:4:9: No GPU is usable on this machine. Usable: cpu. `device: auto` takes the best of these.'],
  },
];

describe('a broken rule is told at its place', () => {
  test.each(broken.map((one, index) => [`${one.code} (${index})`, one] as const))(
    '%s',
    (_, { code, text, facts, expected }) => {
      expect(check(text, facts ?? {})).toEqual(expected.map((line) => `${line} [config/${code}]`));
    },
  );

  test('every rule has a case here', () => {
    const covered = new Set(broken.map(({ code }) => `config/${code}`));
    expect(configRules.map(({ code }) => code).filter((code) => !covered.has(code))).toEqual([]);
  });
});

describe('what is right passes', () => {
  const rich: ConfigFacts = {
    ...files,
    model,
    rows: { train: 1000, validation: 50 },
    adapter: { rank: 8, alpha: 16, targetModules: ['q_proj'], useRslora: false, useDora: false },
    machine: {
      cores: 2,
      devices: [
        { name: 'webgpu', kind: 'gpu', usable: true },
        { name: 'cpu', kind: 'cpu', usable: true },
      ],
    },
  };
  test.each([
    ['the smallest config', config('', 'data: {train: data/train.jsonl}')],
    [
      'files that are there',
      config('output: out', 'data: {train: data/*.jsonl, validation: data/valid.jsonl, template: chat.jinja}').replace(
        'a/b',
        './models/tiny',
      ),
    ],
    ['a hub model', config('', 'data: {train: data/train.jsonl}').replace('a/b', 'org/model@v1.0')],
    [
      'warm-up one step shorter than the run',
      config('training: {max_steps: 10, warmup_steps: 9}', 'data: {train: data/train.jsonl}'),
    ],
    [
      'a run of warm-up and decay only',
      config(
        'training: {lr_scheduler: warmup_stable_decay, max_steps: 10, warmup_steps: 5, decay_ratio: 0.5, min_lr_ratio: 0}',
        'data: {train: data/train.jsonl}',
      ),
    ],
    ['alpha at both ends', config('lora: {rank: 8, alpha: 8}', 'data: {train: data/train.jsonl}')],
    ['alpha with rsLoRA', config('lora: {rank: 64, alpha: 16, use_rslora: true}', 'data: {train: data/train.jsonl}')],
    ['learning rates at both ends', config('training: {learning_rate: 5e-5}', 'data: {train: data/train.jsonl}')],
    [
      'target modules by short and full name',
      config('lora: {target_modules: [q_proj, model.layers.0.mlp.down_proj]}', 'data: {train: data/train.jsonl}'),
    ],
    [
      'an adapter taken over',
      config('lora: {init_from: ./models/tiny, rank: 8, alpha: 16}', 'data: {train: data/train.jsonl}'),
    ],
    ['the whole context', config('', 'data: {train: data/train.jsonl, max_length: 2048}')],
    [
      'no validation, nothing that wants it',
      config('checkpoints: {best_by: none}', 'data: {train: data/train.jsonl, validation: 0}'),
    ],
    [
      'DPO on pairs, with its block',
      config(
        'objective: dpo\ndpo: {beta: 0.2, label_smoothing: 0.1}',
        'data: {train: data/train.jsonl, format: preference}',
      ),
    ],
    [
      'a reward model, and answers of just one length',
      config(
        'objective: grpo\nreward: {model: org/judge, min_length: 8, max_length: 8}',
        'data: {train: data/train.jsonl, format: prompt}',
      ),
    ],
    [
      'PPO with its blocks',
      config(
        'objective: ppo\nppo: {cliprange: 0.1, kl_coef: 0}\nreward: {max_length: 8}',
        'data: {train: data/train.jsonl, format: prompt}',
      ),
    ],
    [
      'GRPO with its blocks',
      config(
        'objective: grpo\ngrpo: {num_iterations: 2, epsilon: 0.1}\nreward: {exact_match: x}',
        'data: {train: data/train.jsonl, format: prompt}',
      ),
    ],
    [
      'a prefix, with the whole context behind it',
      config(
        'method: prefix\nprefix: {prefix_projection: true, encoder_hidden_size: 64}\nobjective: dpo\ntraining: {gradient_checkpointing: auto}',
        'data: {train: data/train.jsonl, packing: false, max_length: 2028}',
      ),
    ],
    ['ipo without smoothing', config('objective: dpo\ndpo: {loss_type: ipo}', 'data: {train: data/train.jsonl}')],
    ['a GPU that is there', config('device: gpu', 'data: {train: data/train.jsonl}')],
    [
      'prompts and their length',
      config('evaluation: {prompts: [Hi], max_new_tokens: 8}', 'data: {train: data/train.jsonl}'),
    ],
    [
      'columns of the right format',
      config('', 'data: {train: data/train.jsonl, format: reasoning, columns: {steps: s}}'),
    ],
  ])('%s', (_, text) => expect(check(text, rich)).toEqual([]));

  test('small models bear larger learning rates', () => {
    const text = config('method: full\ntraining: {learning_rate: 3e-3}');
    expect(check(text, { model: { ...model, parameters: 3e6 } })).toEqual([]);
    expect(check(text, { model })).toHaveLength(1);
  });

  test('nothing is said where the facts are not known', () => {
    const text = config(
      'device: cuda\nlora: {target_modules: [x], init_from: ./y}\ntraining: {warmup_steps: 999}',
      'data: {train: nowhere, max_length: 99999}',
    );
    expect(check(text, {})).toEqual([]);
  });
});

test('without positions problems have no place', () => {
  const found = checkConfig({ version: 1, model: 'a', data: { train: 'a' }, lora: { alpha: 1 } }, {});
  expect(found).toHaveLength(1);
  expect(found[0]).not.toHaveProperty('place');
});

test('codes are unique, of one form, and each has a summary', () => {
  const codes = configCodes.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { code, summary } of configCodes) {
    expect(code).toMatch(/^config\/[a-z]+(-[a-z]+)*$/);
    expect(summary).toMatch(/^.{20,}\.$/);
  }
});

test.each([
  ['a', './a', true],
  ['a/b/', 'a//b', true],
  ['a\\b', 'a/b', true],
  ['a/../b', 'b', true],
  ['../a', 'a', false],
  ['/a', 'a', false],
  ['/../a', '/a', false],
  ['A', 'a', false],
])('samePath(%s, %s) is %s', (a, b, expected) => expect(samePath(a, b)).toBe(expected));

test.each([
  ['org/model', false],
  ['org/model@main', false],
  ['gpt2', false],
  ['./m', true],
  ['..\\m', true],
  ['/m', true],
  ['C:\\m', true],
  ['~/m', true],
  ['.', true],
  ['models/x.Q4_0.gguf', true],
  ['.hidden', false],
])('isModelPath(%s) is %s', (path, expected) => expect(isModelPath(path)).toBe(expected));

test('isGlob', () => {
  expect(['*.jsonl', 'a/**/b', 'x?.json', '{a,b}.json', 'a[0-9].json'].every(isGlob)).toBe(true);
  expect(['a.jsonl', './a-b_c/d (1).jsonl', 'C:\\a'].some(isGlob)).toBe(false);
});
