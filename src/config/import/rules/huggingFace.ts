// Names of the Hugging Face Trainer and of PEFT, which all four tools share.

import { asFlag, calledThere, asList, choice, flag, notUnderstood, number, rule, text, type Rule } from '../rule.ts';
import { safeName } from '../../newConfig.ts';
import {
  gradientCheckpointing,
  interval,
  model,
  optimizers,
  otherOptimizer,
  otherScheduler,
  packing,
  perEpoch,
  precision,
  schedulers,
  share,
  warmup,
} from './values.ts';

export const modelRules: readonly Rule[] = [
  rule(
    'model',
    ['model_name_or_path', 'model_name', 'base_model', 'model', 'model_id', 'pretrained_model_name_or_path'],
    'a 4-bit copy of Unsloth becomes the full one; a folder gets a leading `./`',
    (value, context) => {
      const revision = context.value('model_revision') ?? context.value('revision_of_model');
      const found = model(value);
      if (typeof revision !== 'string' || revision === 'main' || !('value' in found)) return found;
      return { ...found, value: `${String(found.value)}@${revision}`, why: 'The revision stands behind an @ here.' };
    },
  ),
  {
    keys: ['model_revision', 'revision_of_model'],
    to: 'model',
    note: 'behind an `@`',
    convert: (value) => ({ todo: `Written behind the model: @${String(value)}. Nothing to do.` }),
  },
];

export const trainerRules: readonly Rule[] = [
  rule('name', ['run_name'], 'without characters that a folder may not have', (value) => {
    const name = safeName(String(value));
    return name === value ? { value } : { value: name, why: 'A name has letters, digits, dots, _ and - here.' };
  }),
  number('seed', ['seed', 'random_state', 'random_seed']),
  text('output', ['output_dir', 'save_path']),
  rule('training.max_steps', ['max_steps'], '`-1` and `0` mean that epochs decide', (value) => {
    const steps = Number(value);
    if (!Number.isFinite(steps)) return notUnderstood(value, 'a number of steps');
    if (steps <= 0) return { todo: `${steps} means that the epochs decide, as they do here without it.` };
    return { value: steps };
  }),
  rule('training.epochs', ['num_train_epochs', 'num_epochs'], '', (value) => {
    const epochs = Number(value);
    if (!Number.isFinite(epochs)) return notUnderstood(value, 'a number of epochs');
    if (epochs <= 0) return { todo: `${epochs} means that max_steps decides, as it does here.` };
    return { value: epochs };
  }),
  number('training.batch_size', ['per_device_train_batch_size']),
  number('training.gradient_accumulation_steps', ['gradient_accumulation_steps']),
  number('training.learning_rate', ['learning_rate']),
  choice(
    'training.lr_scheduler',
    ['lr_scheduler_type', 'lr_scheduler'],
    '`cosine_with_restarts` → `cosine`, `polynomial` → `linear`, what does not exist here → `cosine`',
    schedulers,
    otherScheduler,
  ),
  number('training.min_lr_ratio', ['lr_scheduler_kwargs.min_lr_rate', 'lr_scheduler_kwargs.min_lr_ratio']),
  rule('training.min_lr_ratio', ['lr_scheduler_kwargs.min_lr'], 'over the learning rate', (value, context) => {
    const ratio = Number(value) / Number(context.value('learning_rate'));
    if (!(ratio >= 0 && ratio <= 1)) return notUnderstood(value, 'a share of the learning rate');
    return { value: Number(ratio.toPrecision(6)), why: 'Here it is a share of the learning rate.' };
  }),
  rule('training.warmup_steps', ['warmup_steps'], 'below 1 it is a share: `training.warmup_ratio`', (value, context) =>
    // Zero steps there mean: look at the ratio.
    Number(value) === 0 && Number(context.value('warmup_ratio')) > 0
      ? { todo: 'Zero, so warmup_ratio decides. Nothing to do.' }
      : warmup(value),
  ),
  number('training.warmup_ratio', ['warmup_ratio']),
  number('training.weight_decay', ['weight_decay'], 'never on embeddings here'),
  choice(
    'training.optimizer',
    ['optim', 'optimizer'],
    '8-bit, paged and fused AdamW → `adamw`; what does not exist here → `adamw`, and said so',
    optimizers,
    otherOptimizer,
  ),
  number('training.adam_beta1', ['adam_beta1']),
  number('training.adam_beta2', ['adam_beta2']),
  number('training.adam_epsilon', ['adam_epsilon']),
  number('training.max_grad_norm', ['max_grad_norm']),
  rule(
    'training.mixed_precision',
    ['bf16', 'fp16', 'bfloat16', 'float16', 'pure_bf16'],
    'on → `auto`: the engine decides',
    precision,
  ),
  rule(
    'training.gradient_checkpointing',
    ['gradient_checkpointing', 'use_gradient_checkpointing'],
    '`unsloth`, `offload` and the like → `true`',
    gradientCheckpointing,
  ),
  rule('data.packing', ['packing', 'sample_packing', 'use_packed_sequences'], 'rows instead of sequences', packing),
  rule('data.validation', ['val_size', 'val_set_size'], 'a share of at most 0.5', share),
  rule('evaluation.every', ['eval_steps'], 'a share becomes steps where max_steps is known', (value, context) =>
    interval(value, context, 'evaluation.every'),
  ),
  flag('evaluation.at_start', ['eval_on_start']),
  rule('checkpoints.every', ['save_steps'], 'a share becomes steps where max_steps is known', (value, context) =>
    interval(value, context, 'checkpoints.every'),
  ),
  number('checkpoints.keep', ['save_total_limit']),
  {
    keys: ['evals_per_epoch'],
    note: 'counted in steps here (`evaluation.every`): `finetune estimate` tells the steps of an epoch',
    convert: perEpoch('evaluation.every'),
  },
  {
    keys: ['saves_per_epoch'],
    note: 'counted in steps here (`checkpoints.every`): `finetune estimate` tells the steps of an epoch',
    convert: perEpoch('checkpoints.every'),
  },
  rule('checkpoints.best_by', ['load_best_model_at_end'], '`true` → `eval_loss`', (value) =>
    asFlag(value) === true
      ? { value: 'eval_loss', why: 'The best checkpoint is kept beside the latest, not loaded at the end.' }
      : { todo: 'Nothing to do: the end of the run is always saved.' },
  ),
  rule('checkpoints.best_by', ['metric_for_best_model'], 'only the validation loss', (value) =>
    /^(?:eval_)?loss$/.test(String(value))
      ? { value: 'eval_loss', ...(value === 'eval_loss' ? {} : { why: calledThere(value) }) }
      : { todo: `${String(value)} is not measured here; the best checkpoint is that with the lowest eval_loss.` },
  ),
  number('early_stopping.patience', ['early_stopping_patience', 'early_stopping_steps']),
  number('early_stopping.min_delta', ['early_stopping_threshold']),
];

/** What adapters are called; `lora_` before a name or not. */
export const adapterRules: readonly Rule[] = [
  number('lora.rank', ['lora_r', 'lora_rank', 'r']),
  number('lora.alpha', ['lora_alpha']),
  number('lora.dropout', ['lora_dropout']),
  rule(
    'lora.target_modules',
    ['lora_target_modules', 'lora_target', 'target_modules'],
    '`all` → `all-linear`',
    targets,
  ),
  flag('lora.use_rslora', ['use_rslora', 'peft_use_rslora']),
  flag('lora.use_dora', ['use_dora', 'peft_use_dora']),
  number('training.lora_plus_ratio', ['loraplus_lr_ratio']),
  text('lora.init_from', ['adapter_name_or_path', 'lora_model_dir'], 'the adapter that training goes on with'),
];

function targets(value: unknown): ReturnType<Rule['convert']> {
  const names = asList(value);
  const [first] = names;
  if (names.length === 1 && first !== undefined) {
    if (/^all[-_]linear$/.test(first)) return { value: 'all-linear' };
    if (first === 'all') return { value: 'all-linear', why: calledThere(value) };
    if (/[\\^$*+?()[\]{}|]/.test(first)) return patternTargets(first);
  }
  // `model.layers.[\d]+.mlp.experts` and the like: patterns instead of names.
  if (names.some((name) => /[\\^$*+?()[\]{}|]/.test(name))) return patternTargets(names.join(', '));
  if (names.length === 0) return { todo: 'An empty list: the default targets are taken.' };
  return { value: [...new Set(names)] };
}

function patternTargets(pattern: string): ReturnType<Rule['convert']> {
  const why = `${pattern} is a pattern; here layers are named. Every linear layer is taken: narrow the list if need be.`;
  return { value: 'all-linear', why, important: true };
}
