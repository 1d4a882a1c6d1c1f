// No row may be longer than the context that a model was made for: GPT-2 has no more positions, others know no more.

import { problem } from '../../protocol/problem.ts';
import type { PackedSequence } from '../../protocol/sequence.ts';

/** Throws `engine/beyond-context`, naming the row. */
export function refuseLongRows(sequence: PackedSequence, contextLength: number): void {
  const place = sequence.positions.findIndex((position) => position >= contextLength);
  if (place < 0) return;
  const row = sequence.sampleIds[sequence.segments[place] ?? 0] ?? 'A row';
  throw problem(
    'engine/beyond-context',
    `${row} has more than ${contextLength} tokens, which is the whole context of the model. Lower data.max_length.`,
  );
}

/** An answer needs room behind its prompt. Throws `engine/beyond-context`. */
export function refuseLongPrompt(prompt: Int32Array, contextLength: number): void {
  if (prompt.length < contextLength) return;
  throw problem(
    'engine/beyond-context',
    `The prompt has ${prompt.length} tokens, its template included, and the model's context has ${contextLength}: there is no room for an answer. Shorten the prompt.`,
  );
}
