// For every code why it matters, a config that has the problem, one that has not, and what the quick fix does. Source of
// docs/config-problems.md; the examples are tested.

import type { CodeInfo } from './rule.ts';
import { configCodes } from './table.ts';

export interface Explanation {
  readonly why: string;
  /** Lines of a config; `version`, `model` and `data` are only written where they matter. */
  readonly wrong?: string;
  readonly right?: string;
  /** What the quick fix does, as a clause; absent where there is none. */
  readonly fix?: string;
}

const explanations: Readonly<Record<string, Explanation>> = {
  'config/yaml-syntax': {
    why: 'The file cannot be read from here on, so nothing after this place is checked. Most often a tab, a missing colon, quote or bracket, or a line that is not indented like its neighbours.',
    wrong: 'training:\n\tepochs: 3',
    right: 'training:\n  epochs: 3',
    fix: 'replaces tabs by spaces, adds the colon after a name, or closes a bracket or quote',
  },
  'config/duplicate-key': {
    why: 'YAML leaves open which of two values counts, so neither is taken.',
    wrong: 'seed: 1\nseed: 2',
    right: 'seed: 2',
    fix: 'removes the second one',
  },
  'config/not-text': {
    why: 'Editors on Windows may save as UTF-16, and a copied binary file is no config. Configs are UTF-8.',
  },
  'config/empty-file': {
    why: 'There is nothing to run. Completion in an empty file offers the fields that are needed.',
  },
  'config/not-a-mapping': {
    why: 'A config is made of fields with names. Data files belong under `data.train` of a config.',
  },
  'config/too-large': {
    why: 'No config has a megabyte of text or fifty blocks inside each other. Aliases that repeat each other grow without limit and are refused.',
  },
  'config/unknown-key': {
    why: 'A field that nobody reads would leave you with a default that you did not choose. Names of Axolotl, LLaMA-Factory, TRL, Unsloth and the Hugging Face Trainer are recognised.',
    wrong: 'training:\n  num_train_epochs: 3',
    right: 'training:\n  epochs: 3',
    fix: 'changes the name, moves the field into the block where it belongs (translating true and false), or removes it',
  },
  'config/missing-field': {
    why: 'Model, data and the version of the file format cannot be guessed.',
    wrong: 'model: HuggingFaceTB/SmolLM2-135M-Instruct\ndata: {train: rows.jsonl}',
    right: 'version: 1\nmodel: HuggingFaceTB/SmolLM2-135M-Instruct\ndata: {train: rows.jsonl}',
    fix: 'takes a field that was written under another name, names a data file that is there, or adds an example',
  },
  'config/empty-value': {
    why: 'An empty value is neither the default nor off. For the default leave the line out.',
    wrong: 'seed:',
    right: 'seed: 42',
    fix: 'removes the line, or fills in a field that is needed',
  },
  'config/wrong-value': {
    why: 'The field takes another kind of value, or one of a few words. YAML 1.2 has `true` and `false` only; numbers go without quotes and separators.',
    wrong: 'training:\n  lr_scheduler: cosin',
    right: 'training:\n  lr_scheduler: cosine',
    fix: 'writes the nearest word, the boolean or the number that is meant, offers the words that are allowed, or puts a value that stands where a block belongs under the field of the block that takes it',
  },
  'config/out-of-range': {
    why: 'Outside its limits the value has no meaning: a share above 1, a rank of 0.',
    wrong: 'lora:\n  rank: 0',
    right: 'lora:\n  rank: 8',
    fix: 'takes the limit, or the default where the limit itself is not allowed',
  },
  'config/environment-unset': {
    why: 'A run would start with a text that still holds `${env:…}`. The editor looks at its own environment and at the setting `finetune.trainer.environment`.',
    wrong: 'output: "${env:NO_SUCH_VARIABLE}/result"',
    right: 'output: "outputs/result"',
  },
  'config/environment-syntax': {
    why: 'Names of environment variables have letters, digits and `_`, and do not begin with a digit.',
    wrong: 'output: "${env:MY-FOLDER}/result"',
    right: 'output: "outputs/result"',
    fix: 'writes `_` for the other characters of the name',
  },
  'config/override-syntax': {
    why: 'On the command line `--set training.epochs=2` sets a field: a path, `=`, and a value as in YAML.',
  },
  'config/override-path': {
    why: '`--set` can set any field of a block, but nothing below a single value and no list item that is not there.',
  },
  'config/file-not-found': {
    why: 'The run could not read it. Paths are relative to the folder of the config, wherever the command is called.',
    wrong: 'data:\n  train: data/trian.jsonl',
    right: 'data:\n  train: data/train.jsonl',
    fix: 'takes the name that is there and is spelled almost like it, or offers the data files that are there',
  },
  'config/no-files-match': {
    why: 'A pattern without a match would train on nothing. `*` stays in its folder, `**` goes through subfolders.',
    wrong: 'data:\n  train: rows/*.jsonl',
    right: 'data:\n  train: data/*.jsonl',
    fix: 'names a data file that is there',
  },
  'config/output-not-writable': {
    why: 'The result is copied at the end of the run; that it cannot be is better known before.',
    wrong: 'output: data/train.jsonl/result',
    right: 'output: outputs/result',
    fix: 'takes a new folder below outputs/, or removes the line: the result stays in the run’s folder',
  },
  'config/validation-is-train': {
    why: 'A model knows the rows that it was trained on, so the validation loss would fall without the model getting better.',
    wrong: 'data:\n  train: data/train.jsonl\n  validation: data/train.jsonl',
    right: 'data:\n  train: data/train.jsonl\n  validation: 0.05',
    fix: 'keeps 5 % of the rows apart',
  },
  'config/max-length-beyond-context': {
    why: 'Positions beyond the context were never trained; what the model answers there is noise.',
    wrong: 'data:\n  train: data/train.jsonl\n  max_length: 4096',
    right: 'data:\n  train: data/train.jsonl\n  max_length: 2048',
    fix: "takes the model's context",
  },
  'config/columns-unused': {
    why: 'The renaming has no effect: rows of this format do not have that part.',
    wrong: 'data:\n  train: data/train.jsonl\n  format: text\n  columns: {text: content, prompt: question}',
    right: 'data:\n  train: data/train.jsonl\n  format: text\n  columns: {text: content}',
    fix: 'removes the line',
  },
  'config/chat-fields-unused': {
    why: 'Running text has no turns, so a template, a system prompt or a choice of turns does nothing.',
    wrong: 'data:\n  train: data/train.jsonl\n  format: text\n  train_on: assistant',
    right: 'data:\n  train: data/train.jsonl\n  format: text',
    fix: 'removes the line',
  },
  'config/output-is-input': {
    why: 'The result would overwrite what the run was made from.',
    wrong: 'model: ./models/tiny\noutput: models/tiny',
    right: 'model: ./models/tiny\noutput: outputs/tiny',
    fix: 'takes a new folder below outputs/, or removes the line: the result stays in the run’s folder',
  },
  'config/epochs-and-max-steps': {
    why: 'Both say how long the run is, and they seldom agree.',
    wrong: 'training:\n  epochs: 3\n  max_steps: 100',
    right: 'training:\n  max_steps: 100',
    fix: 'removes one of the two',
  },
  'config/warmup-ratio-and-steps': {
    why: 'Both say how long the warm-up is.',
    wrong: 'training:\n  warmup_ratio: 0.03\n  warmup_steps: 10',
    right: 'training:\n  warmup_steps: 10',
    fix: 'removes one of the two',
  },
  'config/warmup-too-long': {
    why: 'The learning rate rises through the whole run and never reaches its value.',
    wrong: 'training:\n  max_steps: 100\n  warmup_steps: 100',
    right: 'training:\n  max_steps: 100\n  warmup_ratio: 0.03',
    fix: 'takes a share of the run instead',
  },
  'config/warmup-and-decay-overlap': {
    why: 'There would be no stable part: the rate falls before it has risen.',
    wrong: 'training:\n  max_steps: 100\n  lr_scheduler: warmup_stable_decay\n  decay_ratio: 0.8\n  warmup_steps: 40',
    right: 'training:\n  max_steps: 100\n  lr_scheduler: warmup_stable_decay\n  decay_ratio: 0.2\n  warmup_steps: 10',
    fix: 'shortens the decay to what the warm-up leaves, or takes the usual warm-up',
  },
  'config/min-lr-unused': {
    why: 'Only cosine_with_min_lr and warmup_stable_decay end at a share of the rate; the others end at 0 or stay.',
    wrong: 'training:\n  lr_scheduler: linear\n  min_lr_ratio: 0.1',
    right: 'training:\n  lr_scheduler: cosine_with_min_lr\n  min_lr_ratio: 0.1',
    fix: 'removes the line',
  },
  'config/decay-ratio-unused': {
    why: 'Only warmup_stable_decay has a decay of its own.',
    wrong: 'training:\n  decay_ratio: 0.2',
    right: 'training:\n  lr_scheduler: warmup_stable_decay\n  decay_ratio: 0.2',
    fix: 'removes the line',
  },
  'config/adam-unused': {
    why: 'Plain gradient descent has no moments.',
    wrong: 'training:\n  optimizer: sgd\n  adam_beta2: 0.95',
    right: 'training:\n  optimizer: adamw\n  adam_beta2: 0.95',
    fix: 'removes the line',
  },
  'config/learning-rate-unusual': {
    why: 'Far above the usual range training becomes unstable or forgets what the model knew, far below it hardly changes. LoRA wants about ten times the rate of full fine-tuning (Schulman et al. 2025, "LoRA Without Regret"); QLoRA took 1e-4 to 2e-4 (Dettmers et al. 2023, arXiv:2305.14314). This is no error: small models and small data bear more.',
    wrong: 'training:\n  learning_rate: 0.02',
    right: 'training:\n  learning_rate: 2e-4',
    fix: "takes the method's default",
  },
  'config/lora-unused': {
    why: 'Full fine-tuning trains every weight and has no adapters.',
    wrong: 'method: full\nlora:\n  rank: 16',
    right: 'method: lora\nlora:\n  rank: 16',
    fix: 'removes the field, or takes method lora',
  },
  'config/alpha-far-from-rank': {
    why: 'What the adapters add is scaled by alpha / rank. A scale of 1 to 2 is what most recipes take; another one acts like another learning rate.',
    wrong: 'lora:\n  rank: 8\n  alpha: 256',
    right: 'lora:\n  rank: 8\n  alpha: 16',
    fix: 'takes 2 · rank, or removes the line, which means the same',
  },
  'config/unknown-target-module': {
    why: 'No layer would get an adapter from this name. Layers are called by the last part of their name, such as `q_proj`.',
    wrong: 'lora:\n  target_modules: [q_prj]',
    right: 'lora:\n  target_modules: [q_proj]',
    fix: 'takes the nearest name that this model has, or all linear layers',
  },
  'config/adapter-differs': {
    why: 'An adapter keeps the shape and scale that it was made with.',
    wrong: 'lora:\n  init_from: adapters/first\n  rank: 8',
    right: 'lora:\n  init_from: adapters/first',
    fix: "removes the line, so that the adapter's own value holds",
  },
  'config/adapter-needs-dora': {
    why: 'Its weights mean something else without their lengths, and only the torch engine trains these; so it has to be asked for.',
    wrong: 'lora:\n  init_from: adapters/dora',
    right: 'lora:\n  init_from: adapters/dora\n  use_dora: true',
    fix: 'turns it on',
  },
  'config/early-stopping-without-validation': {
    why: 'Stopping early watches the validation loss.',
    wrong: 'data:\n  train: data/train.jsonl\n  validation: 0\nearly_stopping: {patience: 3}',
    right: 'data:\n  train: data/train.jsonl\n  validation: 0.05\nearly_stopping: {patience: 3}',
    fix: 'keeps 5 % of the rows apart, or removes early_stopping',
  },
  'config/best-by-without-validation': {
    why: 'Without a validation loss no checkpoint is better than another.',
    wrong: 'data:\n  train: data/train.jsonl\n  validation: 0\ncheckpoints: {best_by: eval_loss}',
    right: 'data:\n  train: data/train.jsonl\n  validation: 0.05\ncheckpoints: {best_by: eval_loss}',
    fix: 'keeps 5 % of the rows apart, or removes the line',
  },
  'config/every-beyond-end': {
    why: 'It happens once, at the end, as it would anyway.',
    wrong: 'training:\n  max_steps: 100\nevaluation:\n  every: 500',
    right: 'training:\n  max_steps: 100\nevaluation:\n  every: 20',
    fix: 'removes the line',
  },
  'config/max-new-tokens-unused': {
    why: 'It limits the answers to `evaluation.prompts`, and none are asked.',
    wrong: 'evaluation:\n  max_new_tokens: 64',
    right: 'evaluation:\n  max_new_tokens: 64\n  prompts: [Hello]',
    fix: 'removes the line',
  },
  'config/quantization-unused': {
    why: 'Weights are quantised for method `qlora` alone; the block would be without effect.',
    wrong: 'method: lora\nquantization: {type: nf4}',
    right: 'method: lora',
    fix: 'removes the block, or takes qlora',
  },
  'config/prefix-unused': {
    why: 'Only method `prefix` trains a prefix; the block would be without effect.',
    wrong: 'method: lora\nprefix: {num_virtual_tokens: 50}',
    right: 'method: prefix\nprefix: {num_virtual_tokens: 50}',
    fix: 'removes the block, or takes prefix',
  },
  'config/encoder-hidden-size-unused': {
    why: 'It is the width of the network that makes the prefix, and there is none without `prefix_projection`.',
    wrong: 'method: prefix\nprefix: {encoder_hidden_size: 512}',
    right: 'method: prefix\nprefix: {prefix_projection: true, encoder_hidden_size: 512}',
    fix: 'removes the line',
  },
  'config/packing-with-prefix': {
    why: 'transformers keeps packed rows apart by their positions, but not behind cached keys and values, which a prefix is: each row would see the rows before it, without a word.',
    wrong: 'method: prefix\ndata:\n  train: data/train.jsonl\n  packing: true',
    right: 'method: prefix\ndata:\n  train: data/train.jsonl',
    fix: 'removes the line',
  },
  'config/checkpointing-with-prefix': {
    why: 'transformers computes layers again without cached keys and values: the prefix would be left out, and nothing learned.',
    wrong: 'method: prefix\ntraining:\n  gradient_checkpointing: true',
    right: 'method: prefix',
    fix: 'removes the line',
  },
  'config/objective-with-prefix': {
    why: 'A head for scores is trained whole, and the files of a prefix have no place for it.',
    wrong: 'method: prefix\nobjective: reward',
    right: 'method: lora\nobjective: reward',
    fix: 'takes lora',
  },
  'config/prefix-beyond-context': {
    why: 'The prefix takes up places of the context, and no row would fit behind it.',
    wrong: '# a model with a context of 2048 tokens\nmethod: prefix\nprefix: {num_virtual_tokens: 2048}',
    right: 'method: prefix\nprefix: {num_virtual_tokens: 20}',
    fix: 'takes the usual length',
  },
  'config/objective-block-unused': {
    why: 'Each block of an objective is read by that objective alone; the run is something else than it seems.',
    wrong: 'objective: reward\ndpo: {beta: 0.2}',
    right: 'objective: dpo\ndpo: {beta: 0.2}',
    fix: 'removes the block, or takes its objective',
  },
  'config/label-smoothing-unused': {
    why: 'Label smoothing mixes the loss with that of the swapped pair. The loss of ipo is a square around a wanted margin and has no such form.',
    wrong: 'objective: dpo\ndpo: {loss_type: ipo, label_smoothing: 0.1}',
    right: 'objective: dpo\ndpo: {loss_type: sigmoid, label_smoothing: 0.1}',
    fix: 'removes the field',
  },
  'config/format-not-for-objective': {
    why: 'Supervised fine-tuning learns one answer to a prompt. `dpo` and `reward` learn from the difference of two, so each row has to have both.',
    wrong: 'objective: dpo\ndata: {train: rows.jsonl, format: messages}',
    right: 'objective: dpo\ndata: {train: rows.jsonl, format: preference}',
    fix: 'reads the rows as pairs, or takes dpo for rows that are pairs',
  },
  'config/prompts-unused': {
    why: 'In place of the layer that names the next token a reward model has a head with one number, so that it can answer nothing.',
    wrong: 'objective: reward\nevaluation: {prompts: [Hello]}',
    right: 'objective: reward',
    fix: 'removes the field',
  },
  'config/reward-missing': {
    why: 'GRPO and PPO make answers likelier that are worth more than others, or than was expected. Without a worth there is nothing to learn.',
    wrong: 'objective: grpo',
    right: 'objective: grpo\nreward: {exact_match: solution}',
  },
  'config/reward-model-unusable': {
    why: 'A reward model gives a text one number, and reads the very tokens that the trained model writes. Found by `finetune check` and before a start, and while you type as far as the files of the model tell it.',
    wrong: 'objective: grpo\nreward: {model: ./models/tiny}',
    right: 'objective: grpo\nreward: {model: outputs/reward-model}',
  },
  'config/reward-lengths-cross': {
    why: 'Every answer would cost something, and none could be right.',
    wrong: 'objective: grpo\nreward: {min_length: 64, max_length: 32}',
    right: 'objective: grpo\nreward: {min_length: 32, max_length: 64}',
    fix: 'exchanges the two',
  },
  'config/clip-unused': {
    why: 'The clip holds tokens whose probability has moved since they were drawn. With one update on the answers of a step none has.',
    wrong: "objective: grpo\ngrpo: {epsilon: 0.1}\nreward: {regex: '[0-9]'}",
    right: "objective: grpo\ngrpo: {epsilon: 0.1, num_iterations: 2}\nreward: {regex: '[0-9]'}",
    fix: 'removes the field',
  },
  'config/torch-missing': {
    why: 'The torch engine computes in a Python environment with PyTorch. `finetune setup torch` makes one, and `finetune doctor` says what is wrong with one that is there. Found by `finetune check` and before a start; while you type, nothing outside is looked at.',
    wrong: 'engine: torch',
    right: 'engine: embedded',
    fix: 'takes what the embedded engine does instead',
  },
  'config/needs-torch': {
    why: 'The embedded engine has full-precision weights, 32-bit floats, devices of its own and supervised fine-tuning alone, and would train otherwise than the config says.',
    wrong: 'engine: embedded\ntraining: {mixed_precision: bf16}',
    right: "engine: embedded\ntraining: {mixed_precision: 'no'}",
    fix: 'takes what the embedded engine does instead, or the torch engine',
  },
  'config/idle-processes': {
    why: 'The rows of a step are dealt to the processes. One that gets none waits for the others and makes nothing faster.',
    wrong: 'device: cpu\ntraining:\n  batch_size: 2\ndistributed:\n  processes: 4',
    right: 'device: cpu\ntraining:\n  batch_size: 4\ndistributed:\n  processes: 4',
    fix: 'takes as many processes as a step has rows',
  },
  'config/too-many-processes': {
    why: "Two processes on one GPU would wait for each other, and NVIDIA's NCCL refuses them. Found by `finetune check` and before a start; while you type, no device is tried.",
    wrong: 'device: cuda\ndistributed:\n  processes: 8',
    right: 'device: cuda\ndistributed:\n  processes: 1',
    fix: 'takes as many processes as there are GPUs',
  },
  'config/cpu-offload-unused': {
    why: 'Offloading moves shards from the GPU to the machine, at the price of time. Without shards or without a GPU there is nothing to move.',
    wrong: 'distributed:\n  processes: 1\n  cpu_offload: true',
    right: 'distributed:\n  processes: 1\n  strategy: fsdp\n  cpu_offload: true',
    fix: 'removes the line, or takes strategy fsdp',
  },
  'config/cannot-shard': {
    why: 'bitsandbytes keeps 4-bit weights in blocks with a scale each, and FSDP would cut through them. A prefix is made apart from the passes that FSDP gathers for.',
    wrong: 'method: qlora\ndistributed:\n  processes: 1\n  strategy: fsdp',
    right: 'method: qlora\ndistributed:\n  processes: 1',
    fix: 'keeps the model whole on each process',
  },
  'config/uneven-hosts': {
    why: 'Every host gets the same number of processes, one for each of its GPUs.',
    wrong: 'device: cpu\ndistributed:\n  processes: 3\n  hosts: [node1, node2]',
    right: 'device: cpu\ndistributed:\n  processes: 4\n  hosts: [node1, node2]',
    fix: 'takes the next number that can be divided',
  },
  'config/hosts-and-slurm': {
    why: 'Hosts are reached by ssh; the nodes of a job are those that SLURM gives.',
    wrong: 'device: cpu\ndistributed:\n  processes: 2\n  hosts: [node1, node2]\n  slurm: {nodes: 2}',
    right: 'device: cpu\ndistributed:\n  processes: 2\n  slurm: {nodes: 2}',
    fix: 'removes one of the two',
  },
  'config/device-unavailable': {
    why: 'The run would not start. `finetune doctor` says what this machine has, and in one line each why not more. Found by `finetune check` and before a start; while you type, no device is tried.',
    wrong: 'device: cuda',
    right: 'device: auto',
    fix: 'takes the best device that there is',
  },
};

export interface ExplainedCode extends CodeInfo {
  readonly explanation: Explanation;
}

/** Every code with its explanation; a code without one has an empty `why`, which a test refuses. */
export const explainedCodes: readonly ExplainedCode[] = configCodes.map((info) => ({
  ...info,
  explanation: explanations[info.code] ?? { why: '' },
}));
