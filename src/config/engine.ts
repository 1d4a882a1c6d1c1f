// Which engine a config's `engine` means, and what only the torch engine does.

import { trainsLora } from './method.ts';
import { defaults, type FinetuneConfig } from './schema.generated.ts';

export type Engine = Exclude<NonNullable<FinetuneConfig['engine']>, 'auto'>;

export interface EngineChoice {
  readonly engine: Engine;
  readonly reason: string;
}

/** A field that asks for what the embedded engine does not do. */
export interface TorchNeed {
  readonly path: string;
  /** Why torch is taken, as a clause. */
  readonly reason: string;
  /** What to say when the embedded engine was asked for; absent where another rule says it. */
  readonly refusal?: string;
}

/** `auto`: the embedded engine, unless the config asks for what only torch can do. */
export function chooseEngine(config: FinetuneConfig): EngineChoice {
  const { engine = 'auto' } = config;
  if (engine !== 'auto') return { engine, reason: 'as asked for' };
  const [need] = torchNeeds(config);
  if (need) return { engine: 'torch', reason: need.reason };
  return { engine: 'embedded', reason: 'the embedded engine runs this method and objective' };
}

/** Every field for which torch is needed. */
export function torchNeeds(config: FinetuneConfig): TorchNeed[] {
  const { method, objective = defaults.objective, lora, training, device, distributed } = config;
  const needs: [isWanted: boolean, need: TorchNeed][] = [
    [
      objective !== 'sft',
      {
        path: 'objective',
        reason: `only torch trains by the objective ${objective}`,
        refusal: `The embedded engine trains by sft alone. Write \`engine: torch\` or \`auto\` for ${objective}.`,
      },
    ],
    [
      method === 'qlora',
      {
        path: 'method',
        reason: 'only torch trains beside 4-bit weights',
        refusal: 'The embedded engine does not train beside 4-bit weights. Write `method: lora`, or `engine: torch`.',
      },
    ],
    [
      method === 'prefix',
      {
        path: 'method',
        reason: 'only torch trains prefixes',
        refusal: 'The embedded engine does not train prefixes. Write `method: lora`, or `engine: torch`.',
      },
    ],
    [
      lora?.use_dora === true && trainsLora(config),
      {
        path: 'lora.use_dora',
        reason: 'only torch trains DoRA',
        refusal: 'The embedded engine does not train DoRA. Write `use_dora: false`, or `engine: torch`.',
      },
    ],
    [
      training?.mixed_precision === 'bf16',
      {
        path: 'training.mixed_precision',
        reason: 'only torch computes in bf16',
        refusal: 'The embedded engine computes in 32-bit floats. Write `mixed_precision: no`, or `engine: torch`.',
      },
    ],
    [device === 'mps', { path: 'device', reason: 'only torch computes on mps' }],
    [
      distributed !== undefined,
      {
        path: 'distributed',
        reason: 'only torch trains in several processes',
        refusal: 'The embedded engine trains in one process. Remove this block, or write `engine: torch`.',
      },
    ],
  ];
  return needs.flatMap(([isWanted, need]) => (isWanted ? [need] : []));
}
