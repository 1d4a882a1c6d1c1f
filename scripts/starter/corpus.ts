// The text that the starter model is pretrained on: documents made from a seed, each on its own.
import { chance } from './chance.ts';
import { orderTalk, reading, smallTalk } from './dialogues.ts';
import type { Turn } from './dialogues.ts';
import { listText } from './lists.ts';
import { story } from './stories.ts';

export const endOfText = '<|endoftext|>';
export const startOfTurn = '<|im_start|>';
export const endOfTurn = '<|im_end|>';

/** A part of a document. What is not learned is mostly dice: learning it would drown what can be understood. */
export interface Piece {
  readonly text: string;
  readonly learned: boolean;
}

/** The i-th document of a seed, with its special tokens written out. */
export function documentPieces(seed: number, index: number): Piece[] {
  const c = chance(seed, 'document', index);
  const kind = c.number(1, 100);
  if (kind <= 8) return [{ text: story(c) + endOfText, learned: true }];
  if (kind <= 30) {
    const { told, asked } = listText(c);
    return [
      { text: told, learned: c.happens(0.1) },
      { text: asked + endOfText, learned: true },
    ];
  }
  if (kind <= 45) return chatPieces(reading(c), c.happens(0.1));
  if (kind <= 65) return chatPieces(smallTalk(c), c.happens(0.1));
  return chatPieces(orderTalk(c), c.happens(0.1));
}

export function documentText(seed: number, index: number): string {
  return documentPieces(seed, index)
    .map(({ text }) => text)
    .join('');
}

/** As the chat template writes it. */
function chatPieces(turns: readonly Turn[], learnUser: boolean): Piece[] {
  return turns.flatMap(({ role, content }) => [
    { text: `${startOfTurn}${role}\n`, learned: false },
    { text: content + endOfTurn, learned: role === 'assistant' || learnUser },
    { text: '\n', learned: false },
  ]);
}
