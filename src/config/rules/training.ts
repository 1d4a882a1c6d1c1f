// Rules about the length of a run, its schedule and its optimiser.

import { methodOf, trainsLora } from '../method.ts';
import { learningRateShares, objectiveOf } from '../objective.ts';
import { warmupSteps } from '../schedule.ts';
import { defaults, type FinetuneConfig, type TrainingConfig } from '../schema.generated.ts';
import { showNumber } from '../words.ts';
import { schedulerOf, totalStepsOf, type ConfigRule, type Finding } from './rule.ts';

const epochsAndMaxSteps: ConfigRule = {
  code: 'config/epochs-and-max-steps',
  severity: 'error',
  summary: '`training.epochs` and `training.max_steps` are both set. Each says how long the run is: keep one.',
  check: ({ training }) =>
    training?.epochs === undefined || training.max_steps === undefined
      ? []
      : [
          {
            path: 'training.max_steps',
            part: 'key',
            message: '`epochs` says already how long the run is. Keep one of the two.',
          },
        ],
};

const warmupRatioAndSteps: ConfigRule = {
  code: 'config/warmup-ratio-and-steps',
  severity: 'error',
  summary: '`training.warmup_ratio` and `training.warmup_steps` are both set. Keep one.',
  check: ({ training }) =>
    training?.warmup_ratio === undefined || training.warmup_steps === undefined
      ? []
      : [
          {
            path: 'training.warmup_steps',
            part: 'key',
            message: '`warmup_ratio` says already how long the warm-up is. Keep one of the two.',
          },
        ],
};

const warmupTooLong: ConfigRule = {
  code: 'config/warmup-too-long',
  severity: 'warning',
  summary: 'The warm-up has as many steps as the whole run or more, so the learning rate never reaches its value.',
  check: (config, facts) => {
    const total = totalStepsOf(config, facts);
    const warmup = config.training?.warmup_steps;
    if (total === undefined || warmup === undefined || warmup === 0 || warmup < total) return [];
    const message = `The run has ${total} steps, all of them warm-up: the learning rate never reaches its value. Take fewer steps, or warmup_ratio.`;
    return [{ path: 'training.warmup_steps', message }];
  },
};

const warmupAndDecayOverlap: ConfigRule = {
  code: 'config/warmup-and-decay-overlap',
  severity: 'error',
  summary: 'With `warmup_stable_decay`, warm-up and decay together are longer than the run.',
  check: (config, facts) => {
    const total = totalStepsOf(config, facts);
    if (schedulerOf(config) !== 'warmup_stable_decay' || total === undefined) return [];
    const training = { ...defaultWarmup(config), ...config.training };
    const decay = Math.ceil(total * (training.decay_ratio ?? defaults.training.decay_ratio));
    const warmup = warmupSteps(training, total);
    // Each is rounded up to whole steps: a tiny run may overlap by one step without harm.
    if (warmup + decay <= total + 1) return [];
    const path = training.decay_ratio === undefined ? 'training.lr_scheduler' : 'training.decay_ratio';
    const message = `${warmup} steps of warm-up and ${decay} of decay do not fit into the ${total} steps of the run. Shorten one of them.`;
    return [{ path, message }];
  },
};

const minLrUnused: ConfigRule = {
  code: 'config/min-lr-unused',
  severity: 'warning',
  summary: '`training.min_lr_ratio` is set, but the schedule falls to 0 or does not fall.',
  check: (config) => unusedWithScheduler(config, 'min_lr_ratio', ['cosine_with_min_lr', 'warmup_stable_decay']),
};

const decayRatioUnused: ConfigRule = {
  code: 'config/decay-ratio-unused',
  severity: 'warning',
  summary: '`training.decay_ratio` is set, but only `warmup_stable_decay` reads it.',
  check: (config) => unusedWithScheduler(config, 'decay_ratio', ['warmup_stable_decay']),
};

const adamUnused: ConfigRule = {
  code: 'config/adam-unused',
  severity: 'warning',
  summary: '`training.adam_beta1`, `adam_beta2` or `adam_epsilon` is set, but the optimizer is `sgd`.',
  check: ({ training }) => {
    if (training?.optimizer !== 'sgd') return [];
    const fields = ['adam_beta1', 'adam_beta2', 'adam_epsilon'] as const;
    return fields
      .filter((field) => training[field] !== undefined)
      .map((field) => ({
        path: `training.${field}`,
        part: 'key',
        message: `\`${field}\` is not used by the optimizer sgd. Remove it, or take adamw.`,
      }));
  },
};

/**
 * Usual learning rates. full: fine-tuning recipes of instruction models lie around 1e-5 to 5e-5. lora: QLoRA (Dettmers et
 * al. 2023, arXiv:2305.14314) took 1e-4 to 2e-4; "LoRA Without Regret" (Schulman et al. 2025) found LoRA's best rate
 * about ten times that of full fine-tuning. prefix: Li & Liang 2021 took 5e-5 for projected prefixes, PEFT's examples
 * 1e-2 and 3e-2 for plain ones. Small models bear more.
 */
const adapterRates = { low: 5e-5, high: 5e-4 } as const;
const usualRates = {
  full: { low: 1e-6, high: 1e-4 },
  lora: adapterRates,
  qlora: adapterRates,
  prefix: { low: 5e-5, high: 5e-2 },
} as const;
const smallModel = { parameters: 100e6, factor: 100 };

const learningRateUnusual: ConfigRule = {
  code: 'config/learning-rate-unusual',
  severity: 'hint',
  summary:
    'The learning rate lies outside what is usual for the method: 5e-5 to 5e-4 for lora and qlora (times lora_lr_ratio), 1e-6 to 1e-4 for full, 5e-5 to 5e-2 for prefix; up to a hundred times more for models below 100 million parameters, a tenth of it for dpo.',
  check: (config, facts) => {
    const given = config.training?.learning_rate;
    if (given === undefined || config.training?.optimizer === 'sgd') return [];
    const method = methodOf(config);
    const ratio = config.training?.lora_lr_ratio ?? defaults.training.lora_lr_ratio;
    const rate = trainsLora(config) ? given * ratio : given;
    const share = learningRateShares[objectiveOf(config)];
    const small = facts.model !== undefined && facts.model.parameters < smallModel.parameters;
    const low = usualRates[method].low * share;
    const high = usualRates[method].high * share * (small ? smallModel.factor : 1);
    if (rate >= low && rate <= high) return [];
    const risk = rate > high ? 'Training may become unstable.' : 'The model may hardly change.';
    const by = share === 1 ? method : `${method} and objective ${objectiveOf(config)}`;
    const message = `Usual learning rates for ${by} are ${showNumber(low)} to ${showNumber(high)}. ${risk}`;
    return [{ path: 'training.learning_rate', message }];
  },
};

function defaultWarmup(config: FinetuneConfig): TrainingConfig {
  return config.training?.warmup_steps === undefined ? { warmup_ratio: defaults.training.warmup_ratio } : {};
}

function unusedWithScheduler(
  config: FinetuneConfig,
  field: 'min_lr_ratio' | 'decay_ratio',
  readers: readonly string[],
): Finding[] {
  const scheduler = schedulerOf(config);
  if (config.training?.[field] === undefined || readers.includes(scheduler)) return [];
  const message = `\`${field}\` is not used by the schedule ${scheduler}. Remove it, or take ${readers.join(' or ')}.`;
  return [{ path: `training.${field}`, part: 'key', message }];
}

export const trainingRules: readonly ConfigRule[] = [
  epochsAndMaxSteps,
  warmupRatioAndSteps,
  warmupTooLong,
  warmupAndDecayOverlap,
  minLrUnused,
  decayRatioUnused,
  adamUnused,
  learningRateUnusual,
];
