// Rules about the objective: blocks that it does not read, rows that it cannot compare, questions that it cannot answer.

import { objectiveOf, rowKindOf, type Objective, type RowKind } from '../objective.ts';
import type { FinetuneConfig } from '../schema.generated.ts';
import type { ConfigFacts } from '../facts.ts';
import type { ConfigRule, Finding } from './rule.ts';

/** Blocks that one objective alone reads. */
const blocks: Readonly<Partial<Record<Objective, 'dpo'>>> = { dpo: 'dpo' };

const objectiveBlockUnused: ConfigRule = {
  code: 'config/objective-block-unused',
  severity: 'warning',
  summary: 'A block such as `dpo` is set, but the objective is another one.',
  check: (config) => {
    const objective = objectiveOf(config);
    const own = blocks[objective];
    return Object.values(blocks)
      .filter((block) => block !== own && config[block] !== undefined)
      .map((block) => ({
        path: block,
        part: 'key',
        message: `\`${block}\` is not used by objective ${objective}. Remove it, or write \`objective: ${block}\`.`,
      }));
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
      if (format === undefined || format === 'auto' || kindOf(format) === kind) return [];
      const found = isWritten ? `rows of format ${format}` : `these rows, which look like ${format}`;
      const wanted =
        kind === 'pair'
          ? 'It needs a better and a worse answer to each prompt (format preference).'
          : 'To learn from pairs take `objective: dpo` or `reward`.';
      return [{ path, message: `The objective ${objective} cannot use ${found}. ${wanted}` }];
    });
  },
};

function kindOf(format: string): RowKind {
  return format === 'preference' ? 'pair' : 'single';
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

export const objectiveRules: readonly ConfigRule[] = [
  objectiveBlockUnused,
  labelSmoothingUnused,
  formatNotForObjective,
  promptsUnused,
];
