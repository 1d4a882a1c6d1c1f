// Made by `npm run generate` from schemas/finetune.schema.json. Change the schema, not this file.

export type DataFormat =
  | 'auto'
  | 'instruction'
  | 'messages'
  | 'conversations'
  | 'prompt_completion'
  | 'text'
  | 'reasoning'
  | 'preference'
  | 'prompt';
export type ColumnName = string;

/**
 * One fine-tuning run: which model, which data, how it is trained and where the result goes. Paths are relative to this file; ${env:NAME} is replaced in every text.
 */
export interface FinetuneConfig {
  /**
   * Version of this file format. This program reads version 1.
   */
  version: 1;
  /**
   * Short name of the run; part of its id and of its folder.
   */
  name?: string;
  /**
   * The model to fine-tune: a Hugging Face hub id (`id` or `id@revision`), a folder with config.json, safetensors and tokenizer.json, or a .gguf file. Folders and files are written with a leading `./` or `../`, or as absolute paths.
   */
  model: string;
  /**
   * What computes the training steps. `embedded` is the built-in engine and needs no Python; `torch` computes with PyTorch, in an environment that `finetune setup torch` makes (docs/torch.md); `auto` takes the embedded engine, and torch for what only that can do.
   */
  engine?: 'auto' | 'embedded' | 'torch';
  /**
   * Where the steps are computed. `auto` takes the best usable device, `gpu` the best usable GPU; the other names are the engine's own: the torch engine has cpu, cuda and mps, the embedded engine all but mps. `finetune doctor` lists what this machine has.
   */
  device?: 'auto' | 'cpu' | 'gpu' | 'webgpu' | 'cuda' | 'mps' | 'directml' | 'coreml' | 'tensorflow';
  /**
   * Threads of the engine on the CPU. `auto` = one for each physical core. Results are bit-equal only between runs with the same number.
   */
  threads?: 'auto' | number;
  /**
   * How the weights are trained. `lora` trains two small matrices beside each chosen linear layer (Hu et al. 2021, arXiv:2106.09685); `qlora` does the same beside layers that are kept in 4 bits (Dettmers et al. 2023, arXiv:2305.14314; torch engine); `prefix` trains keys and values that stand before every row in each layer (Li & Liang 2021, arXiv:2101.00190; torch engine); `full` trains every weight.
   */
  method?: 'full' | 'lora' | 'qlora' | 'prefix';
  /**
   * What is minimised. `sft` (supervised fine-tuning) is the cross-entropy of the trained tokens. The others need rows with a better and a worse answer (format preference) and the torch engine: `dpo` makes the better answer more likely than the worse one, measured from where the model began (Rafailov et al. 2023, arXiv:2305.18290); `reward` trains a reward model, whose head gives a text one number (Bradley & Terry 1952). `grpo` needs prompts: the model answers each several times, and answers that `reward` scores higher than their neighbours become likelier (Shao et al. 2024, arXiv:2402.03300). `ppo` needs prompts too: one answer to each, of which tokens become likelier that brought more than a value head, which learns along, had expected (Schulman et al. 2017, arXiv:1707.06347).
   */
  objective?: 'sft' | 'dpo' | 'reward' | 'grpo' | 'ppo';
  /**
   * Seed of everything random: the order of rows, LoRA's initial A, dropout. The same config and seed give the same run.
   */
  seed?: number;
  data: DataConfig;
  lora?: LoraConfig;
  quantization?: QuantizationConfig;
  prefix?: PrefixConfig;
  dpo?: DpoConfig;
  grpo?: GrpoConfig;
  ppo?: PpoConfig;
  reward?: RewardConfig;
  training?: TrainingConfig;
  evaluation?: EvaluationConfig;
  checkpoints?: CheckpointsConfig;
  early_stopping?: EarlyStoppingConfig;
  distributed?: DistributedConfig;
  /**
   * Folder that the finished adapter or model is copied to. The run folder keeps everything in any case.
   */
  output?: string;
}
/**
 * The rows to learn from, and how a row becomes tokens.
 */
export interface DataConfig {
  /**
   * The training rows: a file (.jsonl, .json, .parquet; .gz of the first two), a glob such as `data/*.jsonl`, or a list of files that each may have a weight, format and columns of their own.
   */
  train: string | TrainFile[];
  /**
   * The rows to measure on: a share of the training rows (at most 0.5; chosen by a hash of their content, so the choice stays when rows are added), or a path or glob. 0 = none.
   */
  validation?: number | string;
  format?: DataFormat;
  columns?: Columns;
  /**
   * How loud findings in the rows are, by their code: in the editor, for `finetune check` and when a run starts. What keeps a row from being read stops a run in any case.
   */
  lint?: {
    /**
     * How loud findings of this code are.
     */
    [k: string]: 'error' | 'warning' | 'information' | 'hint' | 'off';
  };
  /**
   * How a conversation becomes text. `chat` = the model's own chat template, `alpaca` = the layout of Stanford Alpaca, `none` = the parts one after another, or the path of a .jinja file.
   */
  template?: ('chat' | 'alpaca' | 'none') | string;
  /**
   * System prompt for rows that have none of their own.
   */
  system?: string;
  /**
   * Which tokens are trained: `assistant` = every answer of a conversation with its end-of-turn token, `last_assistant` = the last answer only, `all` = every token.
   */
  train_on?: 'assistant' | 'last_assistant' | 'all';
  /**
   * Longest row in tokens, template included.
   */
  max_length?: number;
  /**
   * What happens to a row longer than max_length: `truncate` cuts its end, `drop` leaves the row out, `error` stops and names the row.
   */
  overflow?: 'truncate' | 'drop' | 'error';
  /**
   * Lay several short rows in one sequence, with attention and positions kept apart, so that nothing is padded. A step still has batch_size rows, so losses do not change. With method prefix each row gets a sequence of its own.
   */
  packing?: boolean;
  /**
   * Order of the rows: `random` = shuffled by the seed, anew in each epoch; `as_is` = as in the files; `easy_first` = the first epoch from few trained tokens to many (a curriculum), the later ones shuffled.
   */
  order?: 'random' | 'as_is' | 'easy_first';
}
/**
 * One file, or one glob, of training rows.
 */
export interface TrainFile {
  /**
   * The file, or a glob.
   */
  path: string;
  /**
   * How often each row comes up in one epoch: 2 = twice, 0.5 = every second row.
   */
  weight?: number;
  format?: DataFormat;
  columns?: Columns;
}
/**
 * Our name of a column → its name in the file.
 */
export interface Columns {
  system?: ColumnName;
  instruction?: ColumnName;
  input?: ColumnName;
  output?: ColumnName;
  messages?: ColumnName;
  tools?: ColumnName;
  conversations?: ColumnName;
  prompt?: ColumnName;
  chosen?: ColumnName;
  rejected?: ColumnName;
  completion?: ColumnName;
  text?: ColumnName;
  question?: ColumnName;
  steps?: ColumnName;
  answer?: ColumnName;
}
/**
 * Low-rank adapters, for methods `lora` and `qlora`: W + scale · B · A (Hu et al. 2021, arXiv:2106.09685).
 */
export interface LoraConfig {
  /**
   * Rank of the adapters, r: A is [r, in], B is [out, r].
   */
  rank?: number;
  /**
   * Scale of the adapters: alpha / rank, or alpha / √rank with use_rslora.
   */
  alpha?: number;
  /**
   * Share of the adapter's inputs set to zero while training. For objectives other than sft the default is 0: they compare numbers that dropout would blur.
   */
  dropout?: number;
  /**
   * The layers that get an adapter: `all-linear` = every linear layer but the output head, or a list of layer names.
   */
  target_modules?: 'all-linear' | string[];
  /**
   * Scale by alpha / √rank, which keeps large ranks learning (rsLoRA, Kalajdzievski 2023, arXiv:2312.03732).
   */
  use_rslora?: boolean;
  /**
   * Train the length of each output's weights apart from their direction (DoRA, Liu et al. 2024, arXiv:2402.09353; torch engine). Costs about a third more time; helps most at small ranks.
   */
  use_dora?: boolean;
  /**
   * Folder of an adapter in PEFT layout (adapter_config.json, adapter_model.safetensors) to go on from. Rank, alpha, targets and use_rslora are then the adapter's; one of DoRA needs `use_dora: true` beside it.
   */
  init_from?: string;
}
/**
 * How method `qlora` keeps the weights of all linear layers but the output head: in 4 bits, with one scale for 64 weights. Norms, embeddings and adapters stay as they are.
 */
export interface QuantizationConfig {
  /**
   * The sixteen values that a weight may have: `nf4` = quantiles of a normal distribution, which weights follow; `fp4` = 4-bit floats.
   */
  type?: 'nf4' | 'fp4';
  /**
   * Quantise the scales as well: about 0.4 bits less for each weight.
   */
  double_quant?: boolean;
}
/**
 * The prefix of method `prefix`: keys and values of places that no token stands at, seen by every row in each layer. The model itself stays as it is.
 */
export interface PrefixConfig {
  /**
   * Places before each row. They count towards the model's context.
   */
  num_virtual_tokens?: number;
  /**
   * Train a small embedding and a network of two layers that makes the keys and values from it, instead of these themselves. It learns more steadily; what is saved is the prefix that it makes.
   */
  prefix_projection?: boolean;
  /**
   * Width inside that network, for prefix_projection.
   */
  encoder_hidden_size?: number;
}
/**
 * The loss of objective `dpo`, which compares the log-probabilities of both answers with those of a reference: the model as it was before the first step.
 */
export interface DpoConfig {
  /**
   * `sigmoid` is DPO's own loss; `ipo` asks for a fixed margin per token instead of an ever larger one (Azar et al. 2023, arXiv:2310.12036).
   */
  loss_type?: 'sigmoid' | 'ipo';
  /**
   * How strongly the model is held near the reference: larger = nearer. For ipo the wanted margin is 1 / (2 · beta).
   */
  beta?: number;
  /**
   * Share of the pairs that are taken to be the wrong way round (cDPO, Mitchell 2023), for loss_type sigmoid.
   */
  label_smoothing?: number;
}
/**
 * How answers are drawn and learned from by objective `grpo`.
 */
export interface GrpoConfig {
  /**
   * Answers to each prompt of a step, which are compared with each other.
   */
  num_generations?: number;
  /**
   * Longest answer. One that reaches it is cut off there.
   */
  max_completion_length?: number;
  /**
   * How freely answers are drawn: 1 = as the model says; lower = nearer to its first choice.
   */
  temperature?: number;
  /**
   * Draw from the likeliest tokens that together have this share. 1 = from all.
   */
  top_p?: number;
  /**
   * How strongly the model is held near the reference, the model as it was before the first step. 0 = not at all, and its pass is saved.
   */
  beta?: number;
  /**
   * Updates of the optimiser on the answers of one step. Drawing answers takes longest, so more may pay; they then learn from answers that a slightly older model gave.
   */
  num_iterations?: number;
  /**
   * How far the probability of a token may move away from the one that it was drawn with, as a share, before it learns no more; for num_iterations above 1.
   */
  epsilon?: number;
}
/**
 * How answers are drawn and learned from by objective `ppo`.
 */
export interface PpoConfig {
  /**
   * Longest answer. One that reaches it is cut off there.
   */
  max_completion_length?: number;
  /**
   * How freely answers are drawn: 1 = as the model says; lower = nearer to its first choice.
   */
  temperature?: number;
  /**
   * Draw from the likeliest tokens that together have this share. 1 = from all.
   */
  top_p?: number;
  /**
   * Updates of the optimiser on the answers of one step.
   */
  num_ppo_epochs?: number;
  /**
   * What a token costs for each nat by which it is likelier than with the reference, the model as it was before the first step. 0 = nothing, and the reference's pass is saved.
   */
  kl_coef?: number;
  /**
   * Taken off the score of an answer that was cut off at its longest.
   */
  missing_eos_penalty?: number;
  /**
   * How much the reward of the next token counts beside that of this one. 1 = as much.
   */
  gamma?: number;
  /**
   * How far surprises of later tokens are laid to earlier ones (generalised advantage estimation, Schulman et al. 2016, arXiv:1506.02438). 1 = to the first; 0 = each to its own token.
   */
  lam?: number;
  /**
   * How far the probability of a token may move away from the one that it was drawn with, as a share, before it learns no more; for num_ppo_epochs above 1.
   */
  cliprange?: number;
  /**
   * How far what the value head says of a token may move in a step before it learns no more; for num_ppo_epochs above 1.
   */
  cliprange_value?: number;
  /**
   * Weight of the value head's loss beside the policy's.
   */
  vf_coef?: number;
}
/**
 * What an answer is worth for objectives `grpo` and `ppo`: the sum of those of the following that are given.
 */
export interface RewardConfig {
  /**
   * A function of your own, as `file.py:name`. It is called with `completions` (a list of texts) and each column of their rows (a list as long) by name, and returns a number for each answer. It runs in a process of its own; with `distributed`, in one for each process, on the answers to its share of a step's prompts.
   */
  function?: string;
  /**
   * Longest time that one call of the function may take, with its imports in the first one. Then the run ends as failed.
   */
  timeout?: number;
  /**
   * Column with the right answer: 1 for an answer that says just that, 0 for others. White space around them does not count.
   */
  exact_match?: string;
  /**
   * A reward model: the result of a run with `objective: reward`, or another folder or hub id of a model for sequence classification with one label. Its number for prompt and answer is what the answer is worth. It must have the vocabulary of the model that is trained.
   */
  model?: string;
  /**
   * Shortest answer that costs nothing. A shorter one costs the share of it that is missing: -0.5 at half of it.
   */
  min_length?: number;
  /**
   * Longest answer that costs nothing. A longer one costs the share of it that is too much: -0.5 at one and a half times of it, -1 from twice of it on.
   */
  max_length?: number;
  /**
   * 1 for an answer in which this regular expression (of Python) is found, 0 for others.
   */
  regex?: string;
}
/**
 * How long, how fast and with what optimiser.
 */
export interface TrainingConfig {
  /**
   * How many times each training row is seen; fractions are allowed. Not together with max_steps.
   */
  epochs?: number;
  /**
   * Number of optimiser steps; takes the place of epochs.
   */
  max_steps?: number;
  /**
   * Rows computed together (rows, not packed sequences).
   */
  batch_size?: number;
  /**
   * Batches whose gradients are added up before one optimiser step. 4 batches of 1 row give exactly the step of 1 batch of 4 rows, in less memory.
   */
  gradient_accumulation_steps?: number;
  /**
   * Peak learning rate, after warm-up. The default for objectives dpo, grpo and ppo is a tenth of the others', and so it is with prefix.prefix_projection.
   */
  learning_rate?: number;
  /**
   * Course of the learning rate after warm-up, with the formulas of transformers.get_scheduler.
   */
  lr_scheduler?: 'constant' | 'linear' | 'cosine' | 'cosine_with_min_lr' | 'inverse_sqrt' | 'warmup_stable_decay';
  /**
   * Lowest learning rate over learning_rate, for cosine_with_min_lr and warmup_stable_decay.
   */
  min_lr_ratio?: number;
  /**
   * Share of the steps in which the learning rate falls at the end, for warmup_stable_decay.
   */
  decay_ratio?: number;
  /**
   * Share of the steps in which the learning rate rises from 0. Not together with warmup_steps.
   */
  warmup_ratio?: number;
  /**
   * Number of steps in which the learning rate rises from 0; takes the place of warmup_ratio.
   */
  warmup_steps?: number;
  /**
   * Decoupled weight decay (Loshchilov & Hutter 2017, arXiv:1711.05101); never on biases, norms and embeddings.
   */
  weight_decay?: number;
  /**
   * Learning rate of the adapters over learning_rate.
   */
  lora_lr_ratio?: number;
  /**
   * Learning rate of B over that of A (LoRA+, Hayou et al. 2024, arXiv:2402.12354; they advise 16).
   */
  lora_plus_ratio?: number;
  /**
   * `adamw` (two numbers of state for each trained weight) or plain `sgd` without momentum (none).
   */
  optimizer?: 'adamw' | 'sgd';
  /**
   * Decay of AdamW's mean of gradients.
   */
  adam_beta1?: number;
  /**
   * Decay of AdamW's mean of squared gradients.
   */
  adam_beta2?: number;
  /**
   * Added to AdamW's denominator.
   */
  adam_epsilon?: number;
  /**
   * Gradients are scaled down so that their global L2 norm is at most this. 0 = no clipping.
   */
  max_grad_norm?: number;
  /**
   * Lower precision for the steps' arithmetic. `no` = 32-bit floats throughout; `bf16` = bfloat16 for matrix products, by the torch engine alone; `auto` = bf16 for the torch engine on a GPU that has it, else no.
   */
  mixed_precision?: 'auto' | 'no' | 'bf16';
  /**
   * Compute activations again in the backward pass instead of keeping them: less memory, about a quarter more time, the same numbers. `auto` turns it on when the steps would not fit otherwise. Not with method prefix.
   */
  gradient_checkpointing?: 'auto' | true | false;
}
/**
 * Measuring on the validation rows while training. The end of the run is always measured.
 */
export interface EvaluationConfig {
  /**
   * Optimiser steps between evaluations.
   */
  every?: number;
  /**
   * Measure once before the first step, to know where the run began.
   */
  at_start?: boolean;
  /**
   * Prompts answered (greedily) at every evaluation, to watch the model change. They go through data.template like a user's turn.
   *
   * @maxItems 100
   */
  prompts?: string[];
  /**
   * Longest answer to a prompt, in tokens.
   */
  max_new_tokens?: number;
}
/**
 * States that a run can be resumed from. The end of the run is always saved.
 */
export interface CheckpointsConfig {
  /**
   * Optimiser steps between checkpoints.
   */
  every?: number;
  /**
   * How many of the latest checkpoints stay on disk; the best one stays besides.
   */
  keep?: number;
  /**
   * What makes a checkpoint the best one, which is kept besides the latest: the lowest `eval_loss`; `none` = no checkpoint is special.
   */
  best_by?: 'eval_loss' | 'none';
}
/**
 * End the run when the validation loss no longer falls.
 */
export interface EarlyStoppingConfig {
  /**
   * Evaluations in a row without a better loss after which the run ends.
   */
  patience?: number;
  /**
   * How much lower the loss must be to count as better, in nats.
   */
  min_delta?: number;
}
/**
 * Several processes that train one model together, by the torch engine (docs/distributed.md). Rows of a step, and so losses and results, are those of one process.
 */
export interface DistributedConfig {
  /**
   * How many processes share the rows of each step: one for each GPU. `finetune resume --processes` may take another number.
   */
  processes: number;
  /**
   * How the model lies over the processes. `ddp` = whole on each; gradients are summed once a step. `zero2` = weights, gradients and the optimiser's state in shards; weights are gathered once a pass. `fsdp` = the same, and weights are gathered layer by layer (FSDP2, ZeRO-3 of Rajbhandari et al. 2019, arXiv:1910.02054): least memory, most traffic.
   */
  strategy?: 'ddp' | 'zero2' | 'fsdp';
  /**
   * Shards and the optimiser's state lie in the machine's memory and come to the GPU when they are needed: for models that do not fit otherwise, several times slower. For zero2 and fsdp on GPUs.
   */
  cpu_offload?: boolean;
  /**
   * How often the processes are started again from the last checkpoint when one of them dies or hangs, before the run fails (as torchrun's --max-restarts). Each restart is told as a warning.
   */
  max_restarts?: number;
  /**
   * Machines that the processes run on, each with as many, started through ssh: names that `ssh` reaches without a password. Model, data and environment lie at the same paths on all of them. The first one is where the others meet.
   *
   * @minItems 1
   * @maxItems 1024
   */
  hosts?: string[];
  slurm?: SlurmConfig;
  /**
   * Network interface that the processes talk over, such as `eth0` (as in GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME).
   */
  interface?: string;
}
/**
 * Nodes that SLURM gives: the trainer submits a batch job that holds them, waits until it runs, starts the processes in it with srun, and cancels it at the end.
 */
export interface SlurmConfig {
  /**
   * Nodes of the job; each runs the same number of processes.
   */
  nodes?: number;
  /**
   * Further options of sbatch: partition, time limit, GPUs of a node.
   *
   * @maxItems 64
   */
  options?: string[];
}

/** Every default of the schema, by path. */
export const defaults = {
  engine: 'auto',
  device: 'auto',
  threads: 'auto',
  method: 'lora',
  objective: 'sft',
  seed: 42,
  data: {
    validation: 0.05,
    format: 'auto',
    template: 'chat',
    train_on: 'assistant',
    max_length: 1024,
    overflow: 'truncate',
    packing: true,
    order: 'random',
  },
  lora: {
    rank: 16,
    dropout: 0.05,
    target_modules: 'all-linear',
    use_rslora: false,
    use_dora: false,
  },
  quantization: {
    type: 'nf4',
    double_quant: true,
  },
  prefix: {
    num_virtual_tokens: 20,
    prefix_projection: false,
  },
  dpo: {
    loss_type: 'sigmoid',
    beta: 0.1,
    label_smoothing: 0,
  },
  grpo: {
    num_generations: 8,
    max_completion_length: 256,
    temperature: 1,
    top_p: 1,
    beta: 0,
    num_iterations: 1,
    epsilon: 0.2,
  },
  ppo: {
    max_completion_length: 256,
    temperature: 1,
    top_p: 1,
    num_ppo_epochs: 4,
    kl_coef: 0.05,
    missing_eos_penalty: 0,
    gamma: 1,
    lam: 0.95,
    cliprange: 0.2,
    cliprange_value: 0.2,
    vf_coef: 0.1,
  },
  reward: {
    timeout: 60,
  },
  training: {
    epochs: 3,
    batch_size: 4,
    gradient_accumulation_steps: 1,
    learning_rate: 0.0002,
    lr_scheduler: 'cosine',
    min_lr_ratio: 0.1,
    decay_ratio: 0.2,
    warmup_ratio: 0.03,
    weight_decay: 0.01,
    lora_lr_ratio: 1,
    lora_plus_ratio: 1,
    optimizer: 'adamw',
    adam_beta1: 0.9,
    adam_beta2: 0.999,
    adam_epsilon: 1e-8,
    max_grad_norm: 1,
    mixed_precision: 'auto',
    gradient_checkpointing: 'auto',
  },
  evaluation: {
    every: 50,
    at_start: true,
    prompts: [],
    max_new_tokens: 64,
  },
  checkpoints: {
    every: 200,
    keep: 3,
    best_by: 'eval_loss',
  },
  early_stopping: {
    patience: 3,
    min_delta: 0,
  },
  distributed: {
    strategy: 'ddp',
    cpu_offload: false,
    max_restarts: 3,
    slurm: {
      nodes: 1,
      options: [],
    },
  },
} as const;

/** Defaults of an item of data.train. */
export const trainFileDefaults = {
  weight: 1,
} as const;

/** Defaults that hold for one method only, by path and method. */
export const defaultsForMethod = {
  'data.packing': {
    prefix: false,
  },
  'training.learning_rate': {
    full: 0.00002,
    prefix: 0.01,
  },
} as const;
