// The few phrases that the server writes into an editor's lines. An editor may hand over its own, in the person's language.

/** In English, with places to fill: `{0}`. */
export const englishPhrases = {
  start: '▶ Start',
  dryRun: 'Dry run',
  cannotStart: 'Cannot be started: {0}',
  cannotStartMany: 'Cannot be started: {0} errors',
  estimating: 'estimating …',
  noEstimate: 'no estimate: {0}',
  memory: '{0} of memory',
  memoryOf: '{0} of {1} available',
  tooMuchMemory: 'too much memory: {0} of {1} available',
  steps: '{0} steps',
  stepsIn: '{0} steps in {1}',
  disk: '{0} on disk',
  trained: '{0} % of tokens trained',
  isEstimate: 'estimate',
  isMeasured: 'measured by the last run',
  rows: '= {0} rows a step',
  rowsAndTokens: '= {0} rows, about {1} tokens a step',
  totalSteps: '= {0} steps',
  epochs: '= {0} epochs',
  scale: '= scale {0}',
} as const;

export type PhraseName = keyof typeof englishPhrases;

export type Phrases = Readonly<Record<PhraseName, string>>;

/** Fills the places of a phrase. */
export function say(phrase: string, ...values: readonly (string | number)[]): string {
  return phrase.replaceAll(/\{(\d)\}/g, (place, index: string) => String(values[Number(index)] ?? place));
}
