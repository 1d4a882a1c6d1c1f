// The config's prompts, answered at every evaluation: how the model changes while it learns.

import type { GenerationSettings, TrainingSession } from '../engine/session.ts';
import type { EventBodies } from '../protocol/events.ts';
import type { Control } from './control.ts';

export interface PromptWatch {
  readonly prompts: readonly WatchedPrompt[];
  readonly settings: GenerationSettings;
  /** Text of an answer's tokens. */
  readonly decode: (tokens: readonly number[]) => string;
}

export interface WatchedPrompt {
  /** As in the config. */
  readonly text: string;
  /** Rendered by the template, with its opening of the answer. */
  readonly tokens: Int32Array;
}

/** Greedy answers to all prompts, without the stop token. Throws StopNow. */
export async function answerPrompts(
  session: TrainingSession,
  watch: PromptWatch | undefined,
  step: number,
  control: Control,
  clock: () => number,
): Promise<EventBodies['sample'][]> {
  if (!watch) return [];
  const started = clock();
  const answers = watch.prompts.map((): number[] => []);
  const prompts = watch.prompts.map((prompt) => prompt.tokens);
  const generated = session.generate(prompts, watch.settings);
  const steps = generated[Symbol.asyncIterator]();
  for (;;) {
    const next = await control.interruptible(steps.next());
    if (next.done === true) break;
    const { prompt, tokenId } = next.value;
    if (!watch.settings.stopTokenIds.includes(tokenId)) answers[prompt]?.push(tokenId);
  }
  const seconds = (clock() - started) / 1000;
  return watch.prompts.map((prompt, index) => {
    const tokens = answers[index] ?? [];
    return { step, prompt: prompt.text, answer: watch.decode(tokens), tokens: tokens.length, seconds };
  });
}
