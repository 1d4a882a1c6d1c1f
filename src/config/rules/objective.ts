// Rules about the objective: blocks that it does not read, rows that it cannot compare, questions that it cannot answer.

import { learnsFromAnswers, objectiveOf, rowKindOf, type Objective, type RowKind } from '../objective.ts';
import { valueAt } from '../path.ts';
import { defaults, type FinetuneConfig } from '../schema.generated.ts';
import type { ConfigFacts } from '../facts.ts';
import type { ConfigRule, Finding } from './rule.ts';

/** Blocks that not every objective reads, and those that do. */
const readers = {
  dpo: ['dpo'],
  grpo: ['grpo'],
  ppo: ['ppo'],
  reward: ['grpo', 'ppo'],
} as const satisfies { readonly [block in keyof FinetuneConfig]?: readonly Objective[] };

const objectiveBlockUnused: ConfigRule = {
  code: 'config/objective-block-unused',
  severity: 'warning',
  summary: 'A block such as `dpo` is set, but the objective is another one.',
  check: (config) => {
    const objective = objectiveOf(config);
    return Object.entries(readers).flatMap(([block, own]: [string, readonly Objective[]]): Finding[] => {
      if (own.includes(objective) || Reflect.get(config, block) === undefined) return [];
      const others = own.map((reader) => `\`objective: ${reader}\``).join(' or ');
      const message = `\`${block}\` is not used by objective ${objective}. Remove it, or write ${others}.`;
      return [{ path: block, part: 'key', message }];
    });
  },
};

const labelSmoothingUnused: ConfigRule = {
  code: 'config/label-smoothing-unused',
  severity: 'warning',
  summary: '`dpo.label_smoothing` is set, but only `loss_type: sigmoid` reads it.',
  check: ({ dpo, ...config }) => {
    if (objectiveOf(config) !== 'dpo' || dpo?.loss_type !== 'ipo' || !dpo.label_smoothing) return [];
    const message = '`label_smoothing` is not used by loss_type ipo. Remove it, or take sigmoid.';
    return [{ path: 'dpo.label_smoothing', part: 'key', message }];
  },
};

const formatNotForObjective: ConfigRule = {
  code: 'config/format-not-for-objective',
  severity: 'error',
  summary: 'The rows are of a format that the objective cannot use: `dpo` and `reward` compare the answers of pairs.',
  check: (config, facts) => {
    const objective = objectiveOf(config);
    const kind = rowKindOf(objective);
    return formatsIn(config, facts).flatMap(({ path, format, isWritten }): Finding[] => {
      if (format === undefined || !isDataFormat(format) || fits(format, kind)) return [];
      const found = isWritten ? `rows of format ${format}` : `these rows, which look like ${format}`;
      const message = `The objective ${objective} cannot use ${found}. ${wantedRows(kind, format)}`;
      return [{ path, message }];
    });
  },
};

function wantedRows(kind: RowKind, format: string): string {
  if (kind === 'pair') return 'It needs a better and a worse answer to each prompt (format preference).';
  if (kind === 'prompt') return 'It needs prompts, alone (format prompt) or with an answer that is left out.';
  if (format === 'prompt') return 'It needs answers to learn. To learn from rewards take `objective: grpo` or `ppo`.';
  return 'To learn from pairs take `objective: dpo` or `reward`.';
}

function fits(format: string, kind: RowKind): boolean {
  if (kind === 'prompt') return format !== 'preference' && format !== 'text';
  return format !== 'prompt' && (format === 'preference') === (kind === 'pair');
}

function isDataFormat(format: string): boolean {
  return format !== 'auto';
}

interface NamedFormat {
  /** Where to point: the format as it is written, or the file that it was found in. */
  readonly path: string;
  readonly format: string | undefined;
  readonly isWritten: boolean;
}

/** The format of each training file, as far as it is written or known. */
function formatsIn({ data }: FinetuneConfig, facts: ConfigFacts): NamedFormat[] {
  const files = typeof data.train === 'string' ? [{ path: data.train, format: undefined }] : data.train;
  return files.map(({ path, format }, index) => {
    const at = typeof data.train === 'string' ? 'data.train' : `data.train[${index}].path`;
    if (isKnown(format)) return { path: `data.train[${index}].format`, format, isWritten: true };
    if (isKnown(data.format)) return { path: 'data.format', format: data.format, isWritten: true };
    return { path: at, format: facts.formats?.[path], isWritten: false };
  });
}

function isKnown(format: string | undefined): boolean {
  return format !== undefined && format !== 'auto';
}

const promptsUnused: ConfigRule = {
  code: 'config/prompts-unused',
  severity: 'warning',
  summary: '`evaluation.prompts` is set, but a reward model gives numbers and no answers.',
  check: (config) => {
    if (objectiveOf(config) !== 'reward' || !config.evaluation?.prompts?.length) return [];
    const message = 'A reward model gives a number and no answers, so nothing is asked. Remove the prompts.';
    return [{ path: 'evaluation.prompts', part: 'key', message }];
  },
};

const rewardMissing: ConfigRule = {
  code: 'config/reward-missing',
  severity: 'error',
  summary: 'The objective is `grpo` or `ppo`, and `reward` says nothing about what an answer is worth.',
  check: (config) => {
    const { timeout: _, ...given } = config.reward ?? {};
    if (!learnsFromAnswers(objectiveOf(config)) || Object.values(given).some((one) => one !== undefined)) return [];
    const path = config.reward === undefined ? 'objective' : 'reward';
    const message = 'Say what an answer is worth: `reward.function`, `model`, `exact_match`, `regex` or `max_length`.';
    return [{ path, message }];
  },
};

const rewardModelUnusable: ConfigRule = {
  code: 'config/reward-model-unusable',
  severity: 'error',
  summary:
    '`reward.model` is no reward model, has several labels, or another vocabulary than the model that is trained.',
  check: ({ reward, ...config }, { rewardModel }) => {
    if (!learnsFromAnswers(objectiveOf(config))) return [];
    if (reward?.model === undefined || rewardModel?.unusable === undefined) return [];
    return [{ path: 'reward.model', message: rewardModel.unusable }];
  },
};

const lengthsCross: ConfigRule = {
  code: 'config/reward-lengths-cross',
  severity: 'error',
  summary: '`reward.min_length` is above `reward.max_length`, so that no answer is long enough and short enough.',
  check: ({ reward: { min_length: min, max_length: max } = {}, ...config }) => {
    if (!learnsFromAnswers(objectiveOf(config))) return [];
    if (min === undefined || max === undefined || min <= max) return [];
    const message = `No answer has at least ${min} and at most ${max} tokens. Take a min_length of ${max} or less.`;
    return [{ path: 'reward.min_length', message }];
  },
};

const clipUnused: ConfigRule = {
  code: 'config/clip-unused',
  severity: 'warning',
  summary:
    '`grpo.epsilon`, `ppo.cliprange` or `ppo.cliprange_value` is set, but with one update for each step nothing has moved yet.',
  check: (config) => {
    const [grpo, ppo] = [
      { ...defaults.grpo, ...config.grpo },
      { ...defaults.ppo, ...config.ppo },
    ];
    const clips = {
      grpo: { names: ['grpo.epsilon'], updates: 'num_iterations', count: grpo.num_iterations },
      ppo: { names: ['ppo.cliprange', 'ppo.cliprange_value'], updates: 'num_ppo_epochs', count: ppo.num_ppo_epochs },
    };
    const objective = objectiveOf(config);
    if (!learnsFromAnswers(objective)) return [];
    const { names, updates, count } = clips[objective];
    if (count > 1) return [];
    const given = names.filter((name) => valueAt(config, name) !== undefined);
    return given.map((path) => {
      const name = path.slice(path.indexOf('.') + 1);
      const message = `\`${name}\` has an effect with \`${updates}\` above 1 only. Remove it, or take more.`;
      return { path, part: 'key', message };
    });
  },
};

export const objectiveRules: readonly ConfigRule[] = [
  objectiveBlockUnused,
  labelSmoothingUnused,
  formatNotForObjective,
  promptsUnused,
  rewardMissing,
  rewardModelUnusable,
  lengthsCross,
  clipUnused,
];
