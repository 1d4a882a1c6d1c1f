// The data side of a run: datasets from the config's data block, prompts as the model reads them, tokens that fit.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { rowKindOf } from '../config/objective.ts';
import type { TokenisedDataset } from '../data/dataset.ts';
import type { PrepareControls } from '../data/prepare/prepareRows.ts';
import { prepareDataset, type PreparedDataset } from '../data/prepareDataset.ts';
import { encodePrompt, stopTokenIds } from '../data/template/prompt.ts';
import type { RowTemplate } from '../data/template/templates.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import type { LoadedModel } from '../models/types.ts';
import { cacheDirectory } from '../platform/cacheDirectory.ts';
import { problem } from '../protocol/problem.ts';
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

/**
 * The config's prompts, rendered like a user's turn; answers are greedy, so that only the weights change them. Undefined
 * without prompts, so that nothing holds on to the tokenizer.
 */
export function watchOf(config: EffectiveConfig, model: LoadedModel, template: RowTemplate): PromptWatch | undefined {
  // A reward model names no next token.
  if (config.objective === 'reward' || config.evaluation.prompts.length === 0) return undefined;
  const { tokenizer } = model;
  const { system } = config.data;
  const settings = { tokenizer, template, ...(system === undefined ? {} : { system }) };
  const { contextLength } = architectureOf(model.config);
  return {
    prompts: config.evaluation.prompts.map((text, index) => {
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

/** The answer needs room behind it. Throws `trainer/prompt-too-long`. */
function refuseLongPrompt(length: number, contextLength: number, index: number): void {
  if (length < contextLength) return;
  throw problem(
    'trainer/prompt-too-long',
    `\`evaluation.prompts[${index}]\` has ${length} tokens, its template included, and the model's context has ${contextLength}: there is no room for an answer. Shorten it.`,
  );
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
