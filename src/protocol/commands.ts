// What a trainer can be told: a JSON object a line on stdin, or a file in the run folder's control/.

export type TrainerCommand =
  | { readonly type: 'pause'; readonly id: string }
  | { readonly type: 'resume'; readonly id: string }
  /** Finish the step, write a checkpoint, end with exit code 130. */
  | { readonly type: 'stop-and-save'; readonly id: string }
  /** End as soon as the running computation allows; nothing is saved. */
  | { readonly type: 'stop-now'; readonly id: string }
  | { readonly type: 'checkpoint-now'; readonly id: string }
  /** The new base learning rate; the schedule keeps its shape. */
  | { readonly type: 'set'; readonly id: string; readonly learning_rate: number };

export type TrainerCommandType = TrainerCommand['type'];

/** A command before it is given its id. */
export type CommandDraft =
  { readonly type: Exclude<TrainerCommandType, 'set'> } | { readonly type: 'set'; readonly learning_rate: number };

/** Every type of command there is; a test holds it against the schema. */
export const trainerCommandTypes: readonly TrainerCommandType[] = [
  'pause',
  'resume',
  'stop-and-save',
  'stop-now',
  'checkpoint-now',
  'set',
];

/** A positive number as people write learning rates; undefined for anything else. The bounds are those of a config. */
export function parseLearningRate(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) && value > 0 && value <= 1 ? value : undefined;
}
