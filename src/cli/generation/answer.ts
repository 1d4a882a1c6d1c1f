// Opens a model for answering only, and streams its answers.
import { encodePrompt, stopTokenIds } from '../../data/template/prompt.ts';
import { resolveTemplate, type RowTemplate } from '../../data/template/templates.ts';
import type { GenerationSettings, TrainingSession } from '../../engine/session.ts';
import { createSession } from '../../engine/workerSession.ts';
import { openModel, type ModelProgress } from '../../models/openModel.ts';
import { createStreamDecoder } from '../../models/streamDecoder.ts';
import type { LoadedModel } from '../../models/types.ts';
import { planForAnswers, tensorsOf } from './plan.ts';
import type { GenerationSource } from './source.ts';

export interface OpenOptions {
  /** Overrides the source's own: chat, alpaca, none, or a .jinja file. */
  readonly template?: string;
  readonly system?: string;
  readonly device: string;
  readonly onProgress?: (progress: ModelProgress) => void;
  readonly signal?: AbortSignal;
}

export interface AnsweringModel {
  /** Pieces of text as they become certain. */
  answer(prompt: string, settings: Omit<GenerationSettings, 'stopTokenIds'>): AsyncGenerator<string, AnswerFacts>;
  /** Whole answers to many prompts, which are continued together; `onAnswer` hears of each that is complete. */
  answerAll(
    prompts: readonly string[],
    settings: Omit<GenerationSettings, 'stopTokenIds'>,
    onAnswer?: (done: number) => void,
  ): Promise<string[]>;
  close(): Promise<void>;
}

export interface AnswerFacts {
  readonly promptTokens: number;
  readonly tokens: number;
  /** `stop`: the model ended its answer; `length`: the limit did. */
  readonly reason: 'stop' | 'length';
  readonly seconds: number;
}

/** Opens model, template and adapter. Throws what `openModel` and the engine throw. */
export async function openForAnswers(source: GenerationSource, options: OpenOptions): Promise<AnsweringModel> {
  const { onProgress, signal } = options;
  const model = await openModel(source.model, {
    baseDirectory: source.baseDirectory,
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
  });
  const template = await resolveTemplate(options.template ?? source.template, {
    tokenizer: model.tokenizer,
    modelTemplate: model.chatTemplate,
    modelName: model.reference,
    baseDirectory: source.baseDirectory,
  });
  const session = await createSession(planForAnswers(model, source.adapter, options.device));
  if (source.adapter) await session.restore({ trained: tensorsOf(source.adapter), step: 0 });
  const system = options.system ?? source.system;
  return {
    answer: (prompt, settings) => answer(session, model, template, system, prompt, settings),
    answerAll: async (prompts, settings, onAnswer) => {
      const { tokenizer } = model;
      const encoding = { tokenizer, template, ...(system === undefined ? {} : { system }) };
      const encoded = prompts.map((prompt) => encodePrompt(prompt, encoding));
      const stops = stopTokenIds(model, template);
      const answers = prompts.map((): number[] => []);
      let complete = 0;
      for await (const token of session.generate(encoded, { ...settings, stopTokenIds: stops })) {
        if (!stops.includes(token.tokenId)) answers[token.prompt]?.push(token.tokenId);
        if (token.finished) onAnswer?.((complete += 1));
      }
      return answers.map((tokens) => tokenizer.decode(tokens, { skipSpecialTokens: true }));
    },
    close: () => session.close(),
  };
}

async function* answer(
  session: TrainingSession,
  model: LoadedModel,
  template: RowTemplate,
  system: string | undefined,
  text: string,
  settings: Omit<GenerationSettings, 'stopTokenIds'>,
): AsyncGenerator<string, AnswerFacts> {
  const begun = performance.now();
  const { tokenizer } = model;
  const prompt = encodePrompt(text, { tokenizer, template, ...(system === undefined ? {} : { system }) });
  const stops = stopTokenIds(model, template);
  const decoder = createStreamDecoder(tokenizer);
  let tokens = 0;
  let stopped = false;
  for await (const { tokenId } of session.generate([prompt], { ...settings, stopTokenIds: stops })) {
    tokens += 1;
    stopped = stops.includes(tokenId);
    const piece = stopped ? '' : decoder.push(tokenId);
    if (piece !== '') yield piece;
  }
  const rest = decoder.end();
  if (rest !== '') yield rest;
  const seconds = (performance.now() - begun) / 1000;
  return { promptTokens: prompt.length, tokens, reason: stopped ? 'stop' : 'length', seconds };
}
