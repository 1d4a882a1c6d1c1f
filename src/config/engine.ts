// Which engine a config's `engine` means.

import type { FinetuneConfig } from './schema.generated.ts';

export type Engine = Exclude<NonNullable<FinetuneConfig['engine']>, 'auto'>;

export interface EngineChoice {
  readonly engine: Engine;
  readonly reason: string;
}

/** `auto`: the embedded engine, unless the config asks for what only torch can do. */
export function chooseEngine({ engine = 'auto', training, device }: FinetuneConfig): EngineChoice {
  if (engine !== 'auto') return { engine, reason: 'as asked for' };
  if (training?.mixed_precision === 'bf16') return { engine: 'torch', reason: 'only torch computes in bf16' };
  if (device === 'mps') return { engine: 'torch', reason: 'only torch computes on mps' };
  return { engine: 'embedded', reason: 'the embedded engine runs this method and objective' };
}
