// How the answers of a run are drawn and what they count for, and rows as they will be with their answers.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import type { TokenisedDataset } from '../data/dataset.ts';
import { stopTokenIds, tokensBehindAnswer } from '../data/template/prompt.ts';
import type { RowTemplate } from '../data/template/templates.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import type { AnswerTools } from '../engine/session.ts';
import type { LoadedModel } from '../models/types.ts';
import { problem } from '../protocol/problem.ts';
import { groupAdvantages, type DrawnAnswersPlan } from './drawnAnswers.ts';

type Blocks = Pick<EffectiveConfig, 'grpo' | 'ppo' | 'prefix'>;

interface AnswerSettings {
  /** Answers to each prompt of a step. */
  readonly group: number;
  /** Of an answer, in tokens. */
  readonly longest: number;
  readonly temperature: number;
  readonly topP: number;
  readonly worthOf: DrawnAnswersPlan['worthOf'];
}

/** Undefined for objectives that learn from the rows themselves. */
function answerSettings({ grpo, ppo }: Blocks): AnswerSettings | undefined {
  const block = grpo ?? ppo;
  if (!block) return undefined;
  const group = grpo?.num_generations ?? 1;
  const penalty = ppo?.missing_eos_penalty ?? 0;
  return {
    group,
    longest: block.max_completion_length,
    temperature: block.temperature,
    topP: block.top_p,
    worthOf: grpo
      ? (rewards) => groupAdvantages(rewards, group)
      : (rewards, drawn) => rewards.map((reward, i) => (drawn[i]!.isEnded ? reward : reward - penalty)),
  };
}

/** How answers are drawn for an objective that learns from rewards; undefined for others. */
export function drawingOf(
  config: EffectiveConfig,
  model: LoadedModel,
  template: RowTemplate,
  answers: AnswerTools | undefined,
): DrawnAnswersPlan | undefined {
  const settings = answerSettings(config);
  if (!settings || !answers) return undefined;
  const { group, longest, temperature, topP, worthOf } = settings;
  return {
    ...{ answers, group, worthOf, seed: config.seed },
    settings: {
      ...{ maxNewTokens: longest, temperature, topP },
      stopTokenIds: stopTokenIds(model, template),
    },
    decode: (tokens) => model.tokenizer.decode(tokens, { skipSpecialTokens: true }),
    closing: tokensBehindAnswer(model, template),
  };
}

/** Throws `trainer/no-room-for-answers`, naming the first prompt behind which an answer has no room in the context. */
export function refuseFullContext(config: Blocks, datasets: readonly TokenisedDataset[], model: LoadedModel): void {
  const settings = answerSettings(config);
  if (!settings) return;
  const { longest } = settings;
  const contextLength = architectureOf(model.config).contextLength - (config.prefix?.num_virtual_tokens ?? 0);
  for (const dataset of datasets) {
    for (let index = 0; index < dataset.length; index++) {
      const length = dataset.tokenCount(index);
      if (length + longest <= contextLength) continue;
      throw problem(
        'trainer/no-room-for-answers',
        `${dataset.sampleId(index)} has ${length} tokens and ${config.grpo ? 'grpo' : 'ppo'}.max_completion_length is ${longest}: together more than the model's context of ${contextLength}. Take shorter answers, or leave long prompts out by data.max_length and data.overflow: drop.`,
      );
    }
  }
}

/** How often a step computes each of its rows: as often as a prompt is answered. */
export function copiesOf(config: Blocks): number {
  return answerSettings(config)?.group ?? 1;
}

/** Rows as a step will compute them: prompts with the longest answer that they may get; all of them in the totals. */
export function expectedRows(config: Blocks, dataset: TokenisedDataset): TokenisedDataset {
  const settings = answerSettings(config);
  if (!settings) return dataset;
  const { longest, group } = settings;
  const tokens = (dataset.totals.tokens + longest * dataset.length) * group;
  return {
    ...dataset,
    totals: { rows: dataset.length * group, tokens, trainedTokens: longest * dataset.length * group },
    row(index) {
      const row = dataset.row(index);
      const whole = new Int32Array(row.tokens.length + longest);
      whole.set(row.tokens);
      return { ...row, tokens: whole, mask: new Uint8Array(whole.length).fill(1, row.tokens.length) };
    },
    tokenCount: (index) => dataset.tokenCount(index) + longest,
    trainedCount: () => longest,
  };
}
