// Steps as columns on their way from a log to the columns of a run: what a scanner fills, a cache keeps and a chart takes.

/** What every step of a block has. `place`: byte of the log where its line begins; `time`: milliseconds since 1970. */
export const blockFields = [
  'seq',
  'step',
  'epoch',
  'loss',
  'learning_rate',
  'grad_norm',
  'trained_tokens',
  'tokens_per_second',
  'memory_bytes',
  'seconds',
  'time',
  'place',
] as const;

export type BlockField = (typeof blockFields)[number];

/** Steps that follow each other in the log: no other event between them, and `seq` counts without a gap. */
export interface StepBlock {
  length: number;
  readonly fields: Readonly<Record<BlockField, Float64Array>>;
  /** Further metrics by name; NaN for the steps that do not have one. */
  readonly metrics: Map<string, Float64Array>;
}

/** A block with room for so many steps, and none yet. */
export function emptyBlock(capacity: number): StepBlock {
  const column = (): Float64Array => new Float64Array(capacity);
  const fields: Record<BlockField, Float64Array> = {
    seq: column(),
    step: column(),
    epoch: column(),
    loss: column(),
    learning_rate: column(),
    grad_norm: column(),
    trained_tokens: column(),
    tokens_per_second: column(),
    memory_bytes: column(),
    seconds: column(),
    time: column(),
    place: column(),
  };
  return { length: 0, fields, metrics: new Map() };
}

/** The same block without its first steps; it shares their memory. */
export function blockFrom(block: StepBlock, first: number): StepBlock {
  const cut = (column: Float64Array): Float64Array => column.subarray(first);
  const fields = { ...block.fields };
  for (const name of blockFields) fields[name] = cut(fields[name]);
  const metrics = new Map([...block.metrics].map(([name, column]) => [name, cut(column)]));
  return { length: block.length - first, fields, metrics };
}

/** Gives the next step of the block a further metric; it counts once `length` is raised. */
export function putMetric(block: StepBlock, name: string, value: number): void {
  let column = block.metrics.get(name);
  if (!column) {
    column = new Float64Array(block.fields.seq.length).fill(Number.NaN);
    block.metrics.set(name, column);
  }
  column[block.length] = value;
}
