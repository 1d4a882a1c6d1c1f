// Numbers that follow from a config's fields, to be shown beside them: rows and tokens of a step, steps, the adapters' scale.
import { trainsLora } from '../../config/method.ts';
import { planSteps } from '../../config/plan.ts';
import { warmupSteps } from '../../config/schedule.ts';
import { defaults, type FinetuneConfig } from '../../config/schema.generated.ts';
import { formatCount } from '../../metrics/numberText.ts';
import { say, type Phrases } from '../../protocol/phrases.ts';
import type { Costs } from './costs.ts';

export interface DerivedNumber {
  /** The field that it is shown beside. */
  readonly path: string;
  readonly text: string;
}

/** What can be told of a config; `costs` say what only its data tells. */
export function derivedNumbers(config: FinetuneConfig, costs: Costs | undefined, phrases: Phrases): DerivedNumber[] {
  const { training = {} } = config;
  const batch = training.batch_size ?? defaults.training.batch_size;
  const accumulation = training.gradient_accumulation_steps ?? defaults.training.gradient_accumulation_steps;
  const { rowsPerStep } = planSteps({ rows: 0, batchSize: batch, accumulation });
  const tokens = costs?.tokensPerStep;
  const rows =
    tokens === undefined
      ? say(phrases.rows, formatCount(rowsPerStep))
      : say(phrases.rowsAndTokens, formatCount(rowsPerStep), formatCount(tokens));
  const last = training.gradient_accumulation_steps === undefined ? 'batch_size' : 'gradient_accumulation_steps';
  return [
    { path: `training.${last}`, text: rows },
    ...(costs ? lengthNumbers(training, costs, phrases) : []),
    ...scaleNumber(config, phrases),
  ];
}

/** Steps of epochs, epochs of steps, steps of a warm-up that is written as a share. */
function lengthNumbers(
  training: NonNullable<FinetuneConfig['training']>,
  { steps, stepsPerEpoch, origin }: Costs,
  phrases: Phrases,
): DerivedNumber[] {
  const { max_steps: most, warmup_ratio: ratio } = training;
  // A run that stopped early had fewer steps than its plan.
  const planned = origin === 'measured' ? plannedSteps(training, stepsPerEpoch) : steps;
  const epochs = stepsPerEpoch > 0 && most !== undefined ? Number((most / stepsPerEpoch).toPrecision(2)) : undefined;
  return [
    ...(most === undefined ? [{ path: 'training.epochs', text: say(phrases.totalSteps, formatCount(planned)) }] : []),
    ...(epochs === undefined ? [] : [{ path: 'training.max_steps', text: say(phrases.epochs, epochs) }]),
    ...(ratio === undefined
      ? []
      : [
          {
            path: 'training.warmup_ratio',
            text: say(phrases.totalSteps, formatCount(warmupSteps({ warmup_ratio: ratio }, planned))),
          },
        ]),
  ];
}

function plannedSteps({ max_steps: most, epochs }: NonNullable<FinetuneConfig['training']>, perEpoch: number): number {
  return most ?? Math.ceil((epochs ?? defaults.training.epochs) * perEpoch);
}

/** alpha / rank, or alpha / √rank with rsLoRA (Kalajdzievski 2023, arXiv:2312.03732). */
function scaleNumber(config: FinetuneConfig, phrases: Phrases): DerivedNumber[] {
  const { lora } = config;
  if (!trainsLora(config) || lora?.alpha === undefined || lora.init_from !== undefined) return [];
  const rank = lora.rank ?? defaults.lora.rank;
  const scale = lora.alpha / (lora.use_rslora === true ? Math.sqrt(rank) : rank);
  return [{ path: 'lora.alpha', text: say(phrases.scale, Number(scale.toPrecision(3))) }];
}
