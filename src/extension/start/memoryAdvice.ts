// Does a run fit into memory, and what to change when it does not. Pure; reads what `finetune estimate --json` says.

import type { FieldValue } from '../../config/edit.ts';
import { isObject } from '../../protocol/guards.ts';

export interface Estimate {
  readonly memoryBytes: number | undefined;
  readonly availableBytes: number | undefined;
  readonly seconds: number | undefined;
  readonly diskBytes: number | undefined;
  readonly totalSteps: number | undefined;
  readonly trainRows: number | undefined;
  readonly device: string | undefined;
  /** Effective config, field by field. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** The document of `finetune estimate --json`; undefined when it is something else. */
export function readEstimate(text: string): Estimate | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !isObject(value['estimates']) || !isObject(value['plan'])) return undefined;
  const { estimates, plan, memory, decisions, device } = value;
  const values = new Map<string, unknown>();
  for (const decision of Array.isArray(decisions) ? decisions : []) {
    if (isObject(decision) && typeof decision['path'] === 'string') values.set(decision['path'], decision['value']);
  }
  return {
    memoryBytes: numberIn(estimates, 'memory_bytes'),
    availableBytes: isObject(memory) ? numberIn(memory, 'availableBytes') : undefined,
    seconds: numberIn(estimates, 'seconds'),
    diskBytes: numberIn(estimates, 'disk_bytes'),
    totalSteps: numberIn(plan, 'total_steps'),
    trainRows: numberIn(plan, 'train_rows'),
    device: typeof device === 'string' ? device : undefined,
    values,
  };
}

export function fits({ memoryBytes, availableBytes }: Estimate): boolean {
  return memoryBytes === undefined || availableBytes === undefined || memoryBytes <= availableBytes;
}

export type ChangeKind = 'checkpointing' | 'batch' | 'length' | 'rank';

export interface MemoryChange {
  readonly kind: ChangeKind;
  readonly set: Readonly<Record<string, FieldValue>>;
}

/** Changes that make a step smaller, the least harmful first; those that are made already are left out. */
export function memoryChanges({ values }: Estimate): MemoryChange[] {
  const number = (path: string): number | undefined => {
    const value = values.get(path);
    return typeof value === 'number' ? value : undefined;
  };
  const changes: MemoryChange[] = [];
  if (values.get('training.gradient_checkpointing') !== true) {
    changes.push({ kind: 'checkpointing', set: { 'training.gradient_checkpointing': true } });
  }
  const batch = number('training.batch_size') ?? 1;
  if (batch > 1) {
    const smaller = Math.ceil(batch / 2);
    const accumulation = Math.ceil((batch * (number('training.gradient_accumulation_steps') ?? 1)) / smaller);
    changes.push({
      kind: 'batch',
      set: { 'training.batch_size': smaller, 'training.gradient_accumulation_steps': accumulation },
    });
  }
  const length = number('data.max_length') ?? 0;
  if (length > 128) {
    changes.push({ kind: 'length', set: { 'data.max_length': Math.max(128, Math.floor(length / 2)) } });
  }
  const rank = number('lora.rank') ?? 0;
  if (rank > 4) changes.push({ kind: 'rank', set: { 'lora.rank': Math.ceil(rank / 2) } });
  return changes;
}

function numberIn(record: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = record[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
