// Values that need more than a new name: datasets, models, optimisers, schedules, schedules' lengths.

import { asNumber, asFlag, notUnderstood, type Carried, type Context, type Converted } from '../rule.ts';
import { safeName } from '../../newConfig.ts';

/** Endings that this tool reads rows from. */
const readable = /\.(?:jsonl|ndjson|json|parquet)(?:\.gz)?$/i;
const otherFiles = /\.(?:csv|tsv|txt|arrow|xml|xlsx)(?:\.gz)?$/i;

/** Whether a text names a file or folder rather than a dataset of the hub. */
export function isPath(text: string): boolean {
  return (
    /^(?:\.{1,2}[\\/]|[\\/~]|[A-Za-z]:[\\/])/.test(text) ||
    readable.test(text) ||
    otherFiles.test(text) ||
    /[*?]/.test(text) ||
    text.split('/').length > 2
  );
}

interface HubDataset {
  readonly id: string;
  readonly subset?: unknown;
  readonly split?: unknown;
}

/** A path as it is; a dataset of the hub as the file that a command makes of it. */
export function dataset({ id, subset, split }: HubDataset): Converted {
  if (/^(?:https?|s3|gs|gcs|abfs|adl|az|oci|hf):\/\//.test(id)) {
    const name = id.split(/[/?#]/).findLast((part) => part !== '') ?? 'train.jsonl';
    const file = `data/${readable.test(name) ? name : `${safeName(name)}.jsonl`}`;
    return { value: file, why: `This tool reads files of this machine. Download ${id} to ${file}.`, important: true };
  }
  if (otherFiles.test(id)) {
    const file = id.replace(otherFiles, '.jsonl');
    const why = `This tool reads .jsonl, .json and .parquet. Convert ${id} to ${file}.`;
    return { value: file, why, important: true };
  }
  if (isPath(id)) {
    if (readable.test(id) || /[*?]/.test(id)) return { value: id };
    const pattern = `${id.replace(/[\\/]$/, '')}/*.{jsonl,json,parquet}`;
    return { value: pattern, why: `${id} is taken for a folder, of which these files are read.` };
  }
  const name = id.split('/').at(-1) ?? id;
  const hasSubset = typeof subset === 'string' && subset !== '' && subset !== 'default';
  const file = `data/${safeName(hasSubset ? `${name}-${subset}` : name)}.jsonl`;
  const wanted = typeof split === 'string' && split !== '' ? split : 'train';
  const of = [id, ...(hasSubset ? [subset] : [])].map((part) => JSON.stringify(part)).join(', ');
  const command = `load_dataset(${of}, split=${JSON.stringify(wanted)}).to_json(${JSON.stringify(file)})`;
  const why = `${id} is a dataset of the Hugging Face hub; this tool reads files. Make the file once, in Python: from datasets import load_dataset; ${command}`;
  return { value: file, why, important: true };
}

/** A model as our config names it. */
export function model(value: unknown): Converted {
  if (typeof value !== 'string') return notUnderstood(value, 'a model');
  const plain = value.replace(/(?:-unsloth)?-bnb-4bit$/, '');
  if (plain !== value) {
    const why = `${value} holds weights in 4 bit, which this tool does not read; ${plain} holds them in full.`;
    return { value: plain, why, important: true };
  }
  const isFolder = value.split('/').length > 2 && !/^(?:\.|\/|~|[A-Za-z]:|hf:)/.test(value);
  if (isFolder) return { value: `./${value}`, why: 'A folder is written with a leading ./ here.' };
  return { value };
}

const adamWhy = 'The same AdamW, its state kept in 32-bit floats.';

export const optimizers: Readonly<Record<string, Carried>> = {
  adamw: { value: 'adamw' },
  adamw_torch: { value: 'adamw' },
  adamw_hf: { value: 'adamw' },
  adamw_torch_fused: { value: 'adamw' },
  adamw_torch_npu_fused: { value: 'adamw' },
  adamw_apex_fused: { value: 'adamw' },
  sgd: { value: 'sgd' },
  adamw_8bit: { value: 'adamw', why: adamWhy },
  adamw_bnb_8bit: { value: 'adamw', why: adamWhy },
  adamw_torch_8bit: { value: 'adamw', why: adamWhy },
  adamw_torch_4bit: { value: 'adamw', why: adamWhy },
  paged_adamw: { value: 'adamw', why: adamWhy },
  paged_adamw_8bit: { value: 'adamw', why: adamWhy },
  paged_adamw_32bit: { value: 'adamw', why: adamWhy },
  ao_adamw_8bit: { value: 'adamw', why: adamWhy },
  ao_adamw_4bit: { value: 'adamw', why: adamWhy },
  ao_adamw_fp8: { value: 'adamw', why: adamWhy },
};

/** Another optimiser than those two. */
export function otherOptimizer(value: string): Converted {
  const why = `${value} does not exist here; AdamW takes its place. Choose the learning rate anew.`;
  return { value: 'adamw', why, important: true };
}

export const schedulers: Readonly<Record<string, Carried>> = {
  constant: { value: 'constant' },
  constant_with_warmup: { value: 'constant', why: 'Warm-up is a field of its own here.' },
  linear: { value: 'linear' },
  cosine: { value: 'cosine' },
  cosine_with_min_lr: { value: 'cosine_with_min_lr' },
  cosine_warmup_with_min_lr: { value: 'cosine_with_min_lr', why: 'The warm-up begins at 0 here.' },
  inverse_sqrt: { value: 'inverse_sqrt' },
  warmup_stable_decay: { value: 'warmup_stable_decay' },
  cosine_with_restarts: { value: 'cosine', why: 'One cycle, which is the default there, is a cosine.' },
  polynomial: { value: 'linear', why: 'With power 1, which is the default there, it is a straight line.' },
};

export function otherScheduler(value: string): Converted {
  const why = `${value} does not exist here; a cosine takes its place.`;
  return { value: 'cosine', why, important: true };
}

/** Optimiser steps between two things; a share of all steps where those are known. */
export function interval(value: unknown, context: Context, what: string): Converted {
  const steps = asNumber(value);
  if (steps === undefined) return notUnderstood(value, 'a number of steps');
  if (steps >= 1) return Number.isInteger(steps) ? { value: steps } : { value: Math.round(steps), why: 'Rounded.' };
  if (steps <= 0) return { todo: `${steps} switches it off; here it goes on by the default.` };
  const total = asNumber(context.value('max_steps'));
  const share = `${steps} is a share of all steps`;
  if (total === undefined || total <= 0)
    return { todo: `${share}, whose number the data decides. \`finetune estimate\` tells it; then set ${what}.` };
  return { value: Math.max(1, Math.round(steps * total)), why: `${share}, which are ${total}.` };
}

/** How often in an epoch: this tool counts steps. */
export function perEpoch(what: string): (value: unknown) => Converted {
  return (value) => ({
    todo: `${String(value)} times in an epoch; ${what} counts steps. \`finetune estimate\` tells the steps of an epoch: divide them by ${String(value)}.`,
  });
}

/** Steps of warm-up, or their share where the number is below 1. */
export function warmup(value: unknown): Converted {
  const steps = asNumber(value);
  if (steps === undefined) return notUnderstood(value, 'a number of steps');
  if (steps > 0 && steps < 1)
    return { value: steps, to: 'training.warmup_ratio', why: 'Below 1 it is a share of the steps.' };
  return { value: Math.round(steps) };
}

export function packing(value: unknown): Converted {
  const on = asFlag(value);
  if (on === undefined) return notUnderstood(value, 'true or false');
  if (!on) return { value: false };
  return {
    value: true,
    why: 'There the batch size counts packed sequences, here rows: a step sees fewer tokens. `finetune check` tells the mean row; raise gradient_accumulation_steps by max_length over it.',
    important: true,
  };
}

/** A share of the rows to measure on. */
export function share(value: unknown): Converted {
  const found = asNumber(value);
  if (found === undefined) return notUnderstood(value, 'a share');
  if (found > 1)
    return { todo: `${found} rows; here it is a share of the rows, or a file: write one of them.`, important: true };
  if (found > 0.5) return { value: 0.5, why: `${found} is more than the half that is allowed here.` };
  return { value: found };
}

/** Lower precision: the engine decides. */
export function precision(value: unknown): Converted {
  if (asFlag(value) === false) return { todo: 'Nothing to do: the other fields and the engine decide the precision.' };
  return {
    value: 'auto',
    why: 'The engine takes the best precision that it has; the embedded one computes in 32 bit.',
  };
}

export function gradientCheckpointing(value: unknown): Converted {
  const on = asFlag(value);
  if (on !== undefined) return { value: on };
  return { value: true, why: `${String(value)} is a way of its own of doing it; the numbers are the same.` };
}
