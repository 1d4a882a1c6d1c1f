// How other fine-tuning tools call our fields and values (Axolotl, LLaMA-Factory, TRL, Unsloth, Hugging Face Trainer).

export interface ForeignName {
  readonly path: string;
  /** What differs besides the name. */
  readonly note?: string;
}

const same = (path: string, ...names: readonly string[]): [string, ForeignName][] =>
  names.map((name) => [name, { path }]);

const noted = (path: string, note: string, ...names: readonly string[]): [string, ForeignName][] =>
  names.map((name) => [name, { path, note }]);

/** Their name → our field. */
export const foreignNames: ReadonlyMap<string, ForeignName> = new Map([
  ...same('name', 'run_name', 'project_name'),
  ...same('model', 'model_name', 'model_name_or_path', 'base_model', 'model_id', 'model_path', 'pretrained_model'),
  ...same('method', 'adapter', 'finetuning_type', 'peft_type', 'fine_tune_type', 'tuning_type'),
  ...same('objective', 'stage', 'rl', 'task'),
  ...same('output', 'output_dir', 'save_path', 'adapter_path'),
  ...same('threads', 'num_threads', 'dataloader_num_workers'),
  ...same('seed', 'random_seed', 'random_state', 'data_seed'),
  ...same(
    'data.train',
    'dataset',
    'datasets',
    'dataset_path',
    'dataset_name',
    'train_file',
    'train_data',
    'train_dataset',
  ),
  ...noted(
    'data.validation',
    'a share from 0 to 0.5, or a path',
    'val_set_size',
    'val_size',
    'eval_split',
    'test_size',
  ),
  ...same('data.validation', 'validation_file', 'eval_dataset', 'test_datasets', 'val_file', 'valid'),
  ...same('data.format', 'type', 'formatting', 'dataset_type'),
  ...same('data.columns', 'field_mapping', 'column_mapping', 'field_messages', 'dataset_text_field'),
  ...same('data.template', 'chat_template', 'template', 'prompt_template', 'chat_template_path'),
  ...same('data.system', 'system_prompt', 'default_system', 'system_message'),
  ...noted('data.train_on', 'true is `all`, false is `assistant`', 'train_on_inputs', 'train_on_prompt'),
  ...noted(
    'data.train_on',
    'true is `assistant`, false is `all`',
    'completion_only_loss',
    'assistant_only_loss',
    'mask_prompt',
  ),
  ...noted('data.train_on', 'true is `last_assistant`', 'mask_history'),
  ...same('data.max_length', 'cutoff_len', 'sequence_len', 'max_seq_length', 'max_seq_len', 'model_max_length'),
  ...same('data.overflow', 'excess_length_strategy', 'truncation', 'truncation_mode'),
  ...same('data.packing', 'sample_packing', 'pack', 'neat_packing'),
  ...noted('data.order', '`random` shuffles, `as_is` does not', 'shuffle', 'shuffle_dataset', 'disable_shuffling'),
  ...noted('data.order', '`random`, `as_is` or `easy_first`', 'train_sampling_strategy', 'curriculum'),
  ...same('lora.rank', 'lora_r', 'lora_rank', 'r', 'lora_dim'),
  ...same('lora.alpha', 'lora_alpha'),
  ...same('lora.dropout', 'lora_dropout'),
  ...same('lora.target_modules', 'lora_target', 'lora_target_modules', 'lora_modules', 'target_module'),
  ...noted('lora.target_modules', 'write `all-linear`', 'lora_target_linear'),
  ...same('lora.use_rslora', 'peft_use_rslora', 'use_rs_lora', 'lora_use_rslora'),
  ...same('lora.use_dora', 'peft_use_dora', 'lora_use_dora'),
  ...same('prefix.num_virtual_tokens', 'num_virtual_tokens', 'prefix_length', 'prefix_tokens'),
  ...same('prefix.prefix_projection', 'prefix_projection'),
  ...same('prefix.encoder_hidden_size', 'encoder_hidden_size'),
  ...same('lora.init_from', 'adapter_name_or_path', 'lora_model_dir', 'resume_adapter_file', 'adapter_file'),
  ...same('training.epochs', 'num_epochs', 'num_train_epochs', 'n_epochs'),
  ...same('training.max_steps', 'iters', 'num_steps', 'total_steps', 'train_steps'),
  ...same('training.batch_size', 'micro_batch_size', 'per_device_train_batch_size', 'train_batch_size'),
  ...same('training.gradient_accumulation_steps', 'grad_accumulation_steps', 'accumulation_steps', 'grad_accum'),
  ...same('training.learning_rate', 'lr', 'learning-rate'),
  ...same('training.lr_scheduler', 'lr_scheduler_type', 'scheduler', 'lr_schedule'),
  ...noted(
    'training.min_lr_ratio',
    'a share of learning_rate',
    'min_lr',
    'min_lr_rate',
    'cosine_min_lr_ratio',
    'lr_scheduler_kwargs',
  ),
  ...same('training.warmup_steps', 'num_warmup_steps', 'warmup'),
  ...same('training.lora_plus_ratio', 'loraplus_lr_ratio', 'lora_plus_lr_ratio'),
  ...same('training.optimizer', 'optim', 'optimiser'),
  ...same('training.adam_beta1', 'beta1', 'adam_b1'),
  ...same('training.adam_beta2', 'beta2', 'adam_b2'),
  ...same('training.adam_epsilon', 'adam_eps', 'eps', 'epsilon'),
  ...same('training.max_grad_norm', 'max_norm', 'max_gradient_norm', 'gradient_clipping', 'grad_clip'),
  ...same('training.mixed_precision', 'bf16', 'fp16', 'mixed_precision', 'precision', 'dtype', 'torch_dtype'),
  ...same(
    'training.gradient_checkpointing',
    'use_gradient_checkpointing',
    'grad_checkpoint',
    'activation_checkpointing',
  ),
  ...same('evaluation.every', 'eval_steps', 'evals_per_epoch', 'steps_per_eval', 'eval_interval'),
  ...same('evaluation.at_start', 'eval_on_start'),
  ...same('evaluation.max_new_tokens', 'eval_max_new_tokens', 'generation_max_length'),
  ...same('checkpoints.every', 'save_steps', 'saves_per_epoch', 'save_every', 'save_interval', 'checkpointing_steps'),
  ...same('checkpoints.keep', 'save_total_limit', 'max_checkpoints'),
  ...same('checkpoints.best_by', 'metric_for_best_model', 'load_best_model_at_end', 'save_best'),
  ...same('distributed.processes', 'num_processes', 'nproc_per_node', 'world_size'),
  ...same('distributed.max_restarts', 'max_restarts', 'max_failures'),
  ...same('distributed.cpu_offload', 'offload_params', 'fsdp_offload_params'),
  ...same('early_stopping.patience', 'early_stopping_patience'),
  ...same('early_stopping.min_delta', 'early_stopping_threshold'),
]);

/** Block → a name that people write in it → our field of the block. */
export const namesInBlocks: Readonly<Record<string, Readonly<Partial<Record<string, string>>>>> = {
  '': { trainer: 'training', hyperparameters: 'training', hyperparams: 'training', peft: 'lora' },
  data: {
    training: 'train',
    ...{ path: 'train', file: 'train', files: 'train', name: 'train', dir: 'train', folder: 'train' },
    ...{ val: 'validation', eval: 'validation', evaluation: 'validation', test: 'validation', dev: 'validation' },
  },
  'data.train[]': {
    ...{ file: 'path', dataset: 'path', name: 'path', data: 'path', url: 'path', source: 'path' },
    ...{ type: 'format', ratio: 'weight', repeat: 'weight', fields: 'columns', mapping: 'columns' },
  },
  lora: { modules: 'target_modules', targets: 'target_modules', layers: 'target_modules' },
  training: {
    steps: 'max_steps',
    lr_decay: 'lr_scheduler',
    clip: 'max_grad_norm',
    accumulation: 'gradient_accumulation_steps',
  },
  evaluation: { steps: 'every', interval: 'every', frequency: 'every', max_tokens: 'max_new_tokens' },
  checkpoints: { steps: 'every', interval: 'every', frequency: 'every', limit: 'keep', max: 'keep', best: 'best_by' },
};

/** Our field → their value → our value. */
export const foreignValues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'data.format': {
    alpaca: 'instruction',
    chatml: 'messages',
    openai: 'messages',
    chat: 'messages',
    chat_template: 'messages',
    sharegpt: 'conversations',
    completion: 'text',
    pretrain: 'text',
    cot: 'reasoning',
  },
  'data.train_on': {
    completion: 'assistant',
    completions: 'assistant',
    responses: 'assistant',
    last: 'last_assistant',
  },
  'data.order': { sequential: 'as_is', shuffle: 'random', curriculum: 'easy_first' },
  device: { gpu0: 'gpu', metal: 'webgpu', vulkan: 'webgpu', dml: 'directml' },
  'lora.target_modules': { all: 'all-linear', all_linear: 'all-linear', linear: 'all-linear' },
  method: { none: 'full', full_finetune: 'full', fft: 'full', prefix_tuning: 'prefix', 'prefix-tuning': 'prefix' },
  'training.lr_scheduler': {
    constant_with_warmup: 'constant',
    cosine_with_warmup: 'cosine',
    wsd: 'warmup_stable_decay',
    cosine_min_lr: 'cosine_with_min_lr',
  },
  'training.optimizer': {
    adam: 'adamw',
    adamw_torch: 'adamw',
    adamw_torch_fused: 'adamw',
    adamw_hf: 'adamw',
  },
  'distributed.strategy': { zero1: 'zero2', zero3: 'fsdp', fsdp2: 'fsdp', deepspeed: 'fsdp' },
  'training.mixed_precision': { fp32: 'no', float32: 'no', none: 'no' },
  'checkpoints.best_by': { loss: 'eval_loss' },
};
