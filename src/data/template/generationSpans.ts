// The assistant's turns where the template itself marks them by {% generation %} blocks.
import { problem } from '../../protocol/problem.ts';
import type { SpecialTokens } from './endOfTurn.ts';
import type { Renderer } from './render.ts';
import type { TurnSpan } from './turnSpans.ts';

/**
 * Marked spans with the turns that they belong to. Some templates mark the line break after the end-of-turn too; what is
 * white space after a special token at the end of a span is left out, so that the same rule holds for every template.
 * @throws ProblemError `chat/mask-impossible` when the spans cannot be given to turns.
 */
export function generationSpans(renderer: Renderer, special: SpecialTokens): TurnSpan[] {
  const { full, messages } = renderer;
  const spans = renderer.marked(messages.length);
  return spans.flatMap((span, index) => {
    const message = owner(renderer, spans.length, index);
    const text = full.slice(span.start, span.end);
    const kept = text.trimEnd();
    const closed = special.all(kept).at(-1)?.end === kept.length;
    const end = closed ? span.start + kept.length : span.end;
    return [{ message, start: span.start, end, closed }];
  });
}

/** The turn with which a growing conversation has more than `index` spans: the one that the span belongs to. */
function owner(renderer: Renderer, total: number, index: number): number {
  const turns = renderer.messages.flatMap((message, i) => (message.role === 'assistant' ? [i] : []));
  // One span a turn, which nearly all templates have, needs no further rendering.
  if (turns.length === total) return turns[index] ?? -1;
  for (const turn of turns) {
    const count = renderer.prefix(turn + 1, false) === undefined ? 0 : renderer.marked(turn + 1).length;
    if (count > index) return turn;
  }
  throw problem(
    'chat/mask-impossible',
    `The {% generation %} blocks of the chat template of ${renderer.template.name} cannot be told apart by turn.`,
  );
}
