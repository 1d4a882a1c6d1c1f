// A pair to what an engine compares: the tokens of both sides one after the other, each with its mask.
import type { Problem } from '../../protocol/problem.ts';
import { sidesOf, type PreferenceRecord } from '../records.ts';
import { encodeRecord, type EncodeOptions } from './encodeRecord.ts';

export interface EncodedPair {
  /** Tokens of the chosen side, then of the rejected one, and what of them is learned. */
  readonly tokens: Int32Array;
  readonly mask: Uint8Array;
  /** Where the rejected side begins. */
  readonly rejectedFrom: number;
  /** Tokens cut off at the ends of the sides. */
  readonly truncatedTokens: number;
  readonly fate: 'keep' | 'drop';
  /** A side has no token to compare: the pair is of no use. */
  readonly isUntrained: boolean;
  readonly findings: readonly Problem[];
}

/** Both sides are laid out, masked and cut like rows of their own. @throws as `encodeRecord`. */
export function encodePair(record: PreferenceRecord, options: EncodeOptions): EncodedPair {
  const sides = sidesOf(record).map((side) => encodeRecord(side, options));
  const [chosen, rejected] = [sides[0]!, sides[1]!];
  return {
    tokens: Int32Array.from([...chosen.tokens, ...rejected.tokens]),
    mask: Uint8Array.from([...chosen.mask, ...rejected.mask]),
    rejectedFrom: chosen.tokens.length,
    truncatedTokens: chosen.truncatedTokens + rejected.truncatedTokens,
    fate: sides.some(({ fate }) => fate === 'drop') ? 'drop' : 'keep',
    isUntrained: sides.some(({ trainedTokens }) => trainedTokens === 0),
    findings: sides.flatMap(({ findings }) => findings),
  };
}
