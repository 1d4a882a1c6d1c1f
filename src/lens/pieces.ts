// Tokens laid over the row's JSON text: stretches of characters that belong to the same tokens.
import type { Origins } from './origins.ts';
import type { LensToken, TokenState } from './rowLens.ts';
import type { RowText } from './rowTexts.ts';

export interface LensPiece {
  /** Offsets in the row's JSON text, [start, end). */
  readonly start: number;
  readonly end: number;
  readonly state: TokenState;
  /** Tokens [first, last]; more than one where they share a character, as parts of its UTF-8 bytes or of an escape. */
  readonly first: number;
  readonly last: number;
}

interface Offsets {
  readonly starts: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
}

/** Pieces in ascending order. A character that is rendered twice belongs to the tokens of which one is learned, or the first. */
export function piecesOf(
  { starts, ends }: Offsets,
  tokens: readonly LensToken[],
  origins: Origins,
  texts: readonly RowText[],
): LensPiece[] {
  const pieces = new Map<number, LensPiece>();
  let open: LensPiece | undefined;
  const close = (): void => {
    if (open) keepBetter(pieces, open);
    open = undefined;
  };
  let token = 0;
  for (let unit = 0; unit < origins.text.length; unit += 1) {
    while (token < tokens.length && (ends[token] ?? 0) <= unit) token += 1;
    if (token >= tokens.length) break;
    const text = texts[origins.text[unit] ?? -1];
    if (!text || (starts[token] ?? 0) > unit) continue;
    const first = unit;
    while (isFollowedByItself(origins, unit)) unit += 1;
    let last = token;
    while (last + 1 < tokens.length && (starts[last + 1] ?? 0) <= unit && (ends[last + 1] ?? 0) > first) last += 1;
    const start = text.starts[origins.from[unit] ?? 0] ?? 0;
    const end = text.ends[(origins.to[unit] ?? 1) - 1] ?? start;
    const joins = open?.first === token && open.last === last && (open.end === start || open.end === end);
    if (open && joins) open = { ...open, end };
    else {
      close();
      open = { start, end, state: stateOf(tokens, token, last), first: token, last };
    }
  }
  close();
  return withoutOverlap([...pieces.values()].sort((a, b) => a.start - b.start));
}

/** Whether the next unit is of the same character of the row: the other half of a pair, or the rest of an escape. */
function isFollowedByItself({ text, from, to }: Origins, unit: number): boolean {
  return (
    unit + 1 < text.length &&
    text[unit + 1] === text[unit] &&
    from[unit + 1] === from[unit] &&
    to[unit + 1] === to[unit]
  );
}

function withoutOverlap(pieces: readonly LensPiece[]): LensPiece[] {
  let before = 0;
  return pieces.flatMap((piece) => {
    const start = Math.max(before, piece.start);
    before = Math.max(before, piece.end);
    return start < piece.end ? [{ ...piece, start }] : [];
  });
}

function keepBetter(pieces: Map<number, LensPiece>, piece: LensPiece): void {
  const known = pieces.get(piece.start);
  if (!known || (known.state !== 'trained' && piece.state === 'trained')) pieces.set(piece.start, piece);
}

function stateOf(tokens: readonly LensToken[], first: number, last: number): TokenState {
  const states = tokens.slice(first, last + 1).map(({ state }) => state);
  if (states.includes('trained')) return 'trained';
  return states.every((state) => state === 'cut') ? 'cut' : 'masked';
}
