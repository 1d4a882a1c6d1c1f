// Rules about measuring while training, checkpoints and stopping early.

import type { FinetuneConfig } from '../schema.generated.ts';
import { hasValidation, totalStepsOf, type ConfigRule, type Finding } from './rule.ts';

const whyNone = 'there are no validation rows. Give data.validation a share such as 0.05, or a file';

const earlyStoppingWithoutValidation: ConfigRule = {
  code: 'config/early-stopping-without-validation',
  severity: 'error',
  summary: '`early_stopping` is set, but there are no validation rows to tell when to stop.',
  check: (config, facts) =>
    config.early_stopping === undefined || hasValidation(config, facts)
      ? []
      : [
          {
            path: 'early_stopping',
            part: 'key',
            message: `\`early_stopping\` watches the validation loss, and ${whyNone}.`,
          },
        ],
};

const bestByWithoutValidation: ConfigRule = {
  code: 'config/best-by-without-validation',
  severity: 'error',
  summary: '`checkpoints.best_by` is `eval_loss`, but there are no validation rows to compare by.',
  check: (config, facts) =>
    config.checkpoints?.best_by !== 'eval_loss' || hasValidation(config, facts)
      ? []
      : [{ path: 'checkpoints.best_by', message: `Checkpoints are compared by validation loss, and ${whyNone}.` }],
};

const neverWithinRun: ConfigRule = {
  code: 'config/every-beyond-end',
  severity: 'hint',
  summary: '`evaluation.every` or `checkpoints.every` is longer than the run, so it happens at the end only.',
  check: (config, facts) => {
    const total = totalStepsOf(config, facts);
    if (total === undefined) return [];
    return [
      ...beyondEnd('evaluation.every', config.evaluation?.every, total),
      ...beyondEnd('checkpoints.every', config.checkpoints?.every, total),
    ];
  },
};

function beyondEnd(path: string, every: number | undefined, total: number): Finding[] {
  if (every === undefined || every <= total) return [];
  return [{ path, message: `The run has ${total} steps, so this happens at its end only.` }];
}

const maxNewTokensUnused: ConfigRule = {
  code: 'config/max-new-tokens-unused',
  severity: 'hint',
  summary: '`evaluation.max_new_tokens` is set, but there are no prompts to answer.',
  check: ({ evaluation }: FinetuneConfig) =>
    evaluation?.max_new_tokens === undefined || (evaluation.prompts ?? []).length > 0
      ? []
      : [
          {
            path: 'evaluation.max_new_tokens',
            part: 'key',
            message: '`max_new_tokens` is the length of answers to `evaluation.prompts`, and there are none.',
          },
        ],
};

export const evaluationRules: readonly ConfigRule[] = [
  earlyStoppingWithoutValidation,
  bestByWithoutValidation,
  neverWithinRun,
  maxNewTokensUnused,
];
