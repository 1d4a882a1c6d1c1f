// The data side of a run: datasets from the config's data block, prompts as the model reads them, tokens that fit.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { rowKindOf } from '../config/objective.ts';
import type { TokenisedDataset } from '../data/dataset.ts';
import type { PrepareControls } from '../data/prepare/prepareRows.ts';
import { prepareDataset, type PreparedDataset } from '../data/prepareDataset.ts';
import { encodePrompt, stopTokenIds, tokensBehindAnswer } from '../data/template/prompt.ts';
import type { RowTemplate } from '../data/template/templates.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import type { LoadedModel } from '../models/types.ts';
import { cacheDirectory } from '../platform/cacheDirectory.ts';
import { problem } from '../protocol/problem.ts';
import type { AnswerTools } from '../engine/session.ts';
import type { DrawnAnswersPlan } from './drawnAnswers.ts';
import type { PromptWatch } from './promptWatch.ts';

export function datasetOf(
  { data, objective }: Pick<EffectiveConfig, 'data' | 'objective'>,
  baseDirectory: string,
  model: LoadedModel,
  controls: PrepareControls,
): Promise<PreparedDataset> {
  const { columns, lint, max_length: maxLength, train_on: trainOn, ...rest } = data;
  const train = data.train.map((file) => ({ ...file, columns: { ...file.columns } }));
  const request = {
    ...rest,
    rows: rowKindOf(objective),
    train,
    baseDirectory,
    columns: { ...columns },
    severities: { ...lint },
    maxLength,
    trainOn,
  };
  return prepareDataset({ ...request, cacheDirectory: cacheDirectory() }, model, controls);
}

/** The config's prompts, rendered like a user's turn; answers are greedy, so that only the weights change them. */
export function watchOf(config: EffectiveConfig, model: LoadedModel, template: RowTemplate): PromptWatch {
  const { tokenizer } = model;
  const { system } = config.data;
  const settings = { tokenizer, template, ...(system === undefined ? {} : { system }) };
  const { contextLength } = architectureOf(model.config);
  return {
    // A reward model names no next token.
    prompts: (config.objective === 'reward' ? [] : config.evaluation.prompts).map((text, index) => {
      const tokens = encodePrompt(text, settings);
      refuseLongPrompt(tokens.length, contextLength, index);
      return { text, tokens };
    }),
    settings: {
      maxNewTokens: config.evaluation.max_new_tokens,
      temperature: 0,
      topK: 0,
      topP: 1,
      repetitionPenalty: 1,
      stopTokenIds: stopTokenIds(model, template),
      seed: config.seed,
    },
    decode: (tokens) => tokenizer.decode(tokens, { skipSpecialTokens: true }),
  };
}

/** How answers are drawn for an objective that learns from rewards; undefined for others. */
export function drawingOf(
  config: EffectiveConfig,
  model: LoadedModel,
  template: RowTemplate,
  answers: AnswerTools | undefined,
): DrawnAnswersPlan | undefined {
  const { grpo } = config;
  if (!grpo || !answers) return undefined;
  return {
    answers,
    group: grpo.num_generations,
    seed: config.seed,
    settings: {
      maxNewTokens: grpo.max_completion_length,
      temperature: grpo.temperature,
      topP: grpo.top_p,
      stopTokenIds: stopTokenIds(model, template),
    },
    decode: (tokens) => model.tokenizer.decode(tokens, { skipSpecialTokens: true }),
    closing: tokensBehindAnswer(model, template),
  };
}

/** The answer needs room behind it. Throws `trainer/prompt-too-long`. */
function refuseLongPrompt(length: number, contextLength: number, index: number): void {
  if (length < contextLength) return;
  throw problem(
    'trainer/prompt-too-long',
    `\`evaluation.prompts[${index}]\` has ${length} tokens, its template included, and the model's context has ${contextLength}: there is no room for an answer. Shorten it.`,
  );
}

/** Throws `trainer/no-room-for-answers`, naming the first prompt behind which an answer has no room in the context. */
export function refuseFullContext(
  { grpo, prefix }: Pick<EffectiveConfig, 'grpo' | 'prefix'>,
  datasets: readonly TokenisedDataset[],
  model: LoadedModel,
): void {
  if (!grpo) return;
  const contextLength = architectureOf(model.config).contextLength - (prefix?.num_virtual_tokens ?? 0);
  for (const dataset of datasets) {
    for (let index = 0; index < dataset.length; index++) {
      const length = dataset.tokenCount(index);
      if (length + grpo.max_completion_length <= contextLength) continue;
      throw problem(
        'trainer/no-room-for-answers',
        `${dataset.sampleId(index)} has ${length} tokens and grpo.max_completion_length is ${grpo.max_completion_length}: together more than the model's context of ${contextLength}. Take shorter answers, or leave long prompts out by data.max_length and data.overflow: drop.`,
      );
    }
  }
}

/** Rows as a step will compute them: prompts with the longest answer that they may get, as often as they are answered. */
export function expectedRows({ grpo }: Pick<EffectiveConfig, 'grpo'>, dataset: TokenisedDataset): TokenisedDataset {
  if (!grpo) return dataset;
  const { max_completion_length: longest, num_generations: group } = grpo;
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

/** Throws `trainer/foreign-tokenizer`, naming the first row with a token that the model has no embedding for. */
export function refuseForeignTokens(datasets: readonly TokenisedDataset[], model: LoadedModel): void {
  const { vocabSize } = architectureOf(model.config);
  // A tokenizer no larger than the model cannot make such a token: then nothing has to be read.
  if (model.tokenizer.vocabSize <= vocabSize) return;
  for (const dataset of datasets) {
    for (let index = 0; index < dataset.length; index++) {
      const { tokens, sampleId } = dataset.row(index);
      const foreign = tokens.find((token) => token >= vocabSize);
      if (foreign === undefined) continue;
      const text = model.tokenizer.idToToken(foreign) ?? '?';
      throw problem(
        'trainer/foreign-tokenizer',
        `The tokenizer does not fit the model: ${sampleId} has the token ${foreign} (${JSON.stringify(text)}), and the model knows ${vocabSize} tokens. Use the tokenizer that came with the model.`,
        { file: model.path },
        [`The tokenizer has ${model.tokenizer.vocabSize} tokens.`],
      );
    }
  }
}
