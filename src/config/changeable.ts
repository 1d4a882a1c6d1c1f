// What may change when a run goes on: settings of how a step is computed, which make no other steps of it.

import type { EffectiveConfig } from './effectiveTypes.ts';

/** Each computes the same up to rounding, takes more or less memory or time, or only keeps more or less. */
const changeable: ReadonlySet<string> = new Set([
  'training.gradient_checkpointing',
  // These two together: rows of a step stay as many.
  'training.batch_size',
  'training.gradient_accumulation_steps',
  'checkpoints.keep',
  'reward.timeout',
]);

/** Whether a run that has begun may go on with other values of these fields (paths). */
export function mayChange(paths: readonly string[]): boolean {
  return paths.every((path) => changeable.has(path) || path.startsWith('distributed.'));
}

/** Rows that a step learns from. */
export function rowsOfStep(training: Pick<EffectiveConfig['training'], 'batch_size' | 'gradient_accumulation_steps'>) {
  return training.batch_size * training.gradient_accumulation_steps;
}

/** What of a config decides the steps of a run: a run goes on as long as this stays. */
export function decisivePart(config: EffectiveConfig): Readonly<Record<string, unknown>> {
  const { distributed: _, ...decisive } = config;
  return { ...withoutChangeable(decisive, ''), rows_of_step: rowsOfStep(config.training) };
}

function withoutChangeable(block: object, prefix: string): Readonly<Record<string, unknown>> {
  const kept = Object.entries(block).filter(([name]) => !changeable.has(prefix + name));
  return Object.fromEntries(
    kept.map(([name, value]: [string, unknown]) => {
      const isBlock = typeof value === 'object' && value !== null && !Array.isArray(value);
      return [name, isBlock ? withoutChangeable(value, `${prefix}${name}.`) : value];
    }),
  );
}
