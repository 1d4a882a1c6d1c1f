// Which characters of a text each token covers, found by laying the tokens along the text byte by byte.
import { problem } from '../protocol/problem.ts';
import { byteCharacters } from './byteAlphabet.ts';

export interface TokenForms {
  /** Tokens are written in the byte alphabet of GPT-2 (else with ▁ for a space and <0xNN> for a byte). */
  readonly byteLevel: boolean;
  readonly tokens: readonly (string | undefined)[];
  /** Added tokens stand for themselves, whatever the alphabet. */
  readonly added: ReadonlyMap<number, string>;
  readonly unknownId: number | undefined;
}

/** Token i covers the UTF-16 units [starts[i], ends[i]) of the text. Tokens that share a character overlap there. */
export interface TokenOffsets {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

const utf8 = new TextEncoder();
const space = 0x20;

/**
 * Offsets of `ids`, which must be the tokens of `text` without tokens added around it. Tokenizers may compose
 * characters (NFC, NFKC), strip spaces beside special tokens and put a space before the first word: all are followed.
 * @throws ProblemError `models/tokenizer-offsets` when the tokens do not spell the text.
 */
export function tokenOffsets(text: string, ids: readonly number[], forms: TokenForms): TokenOffsets {
  for (const form of [undefined, 'NFC', 'NFKC'] as const) {
    const source = form === undefined ? unchanged(text, forms) : normalised(text, form, forms);
    const offsets = source && layAlong(source, ids, forms);
    if (offsets) return offsets;
  }
  throw problem(
    'models/tokenizer-offsets',
    'The tokenizer changes this text in a way that leaves unclear which characters each token covers, so a part of it cannot be masked exactly.',
    undefined,
    [`text: ${JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)}`],
  );
}

/**
 * The offsets of tokens that spell the text byte by byte: they hold wherever the text stands. Undefined for others.
 */
export function exactOffsets(text: string, ids: readonly number[], forms: TokenForms): TokenOffsets | undefined {
  if (!forms.byteLevel) return undefined;
  const { bytes, startOf, endOf } = unchanged(text, forms);
  const [starts, ends] = [new Int32Array(ids.length), new Int32Array(ids.length)];
  let at = 0;
  for (const [i, id] of ids.entries()) {
    const piece = tokenBytes(id, forms);
    if (piece.length === 0 || !matches(bytes, at, piece, 0)) return undefined;
    starts[i] = startOf(at);
    at += piece.length;
    ends[i] = endOf(at - 1);
  }
  return at === bytes.length ? { starts, ends } : undefined;
}

interface Source {
  readonly bytes: Uint8Array;
  /** UTF-16 index in the original text where the character of byte i starts, and where it ends. */
  readonly startOf: (byte: number) => number;
  readonly endOf: (byte: number) => number;
}

function unchanged(text: string, forms: TokenForms): Source {
  if (!forms.byteLevel && text.includes('▁')) {
    const characters = Array.from(text);
    const spelled = characters.map(asSpelled);
    return mapped(characters, spelled, utf8.encode(spelled.join('')).length);
  }
  const bytes = utf8.encode(text);
  if (bytes.length === text.length) return { bytes, startOf: (i) => i, endOf: (i) => i + 1 };
  const [starts, ends] = [new Int32Array(bytes.length), new Int32Array(bytes.length)];
  for (let byte = 0, at = 0; byte < bytes.length;) {
    const [length, units] = sizeOf(bytes[byte]!);
    starts.fill(at, byte, byte + length);
    ends.fill(at + units, byte, byte + length);
    byte += length;
    at += units;
  }
  return { bytes, startOf: (i) => starts[i] ?? text.length, endOf: (i) => ends[i] ?? text.length };
}

/** Bytes and UTF-16 units of the character whose first byte of UTF-8 this is. Half a character is written as U+FFFD. */
function sizeOf(lead: number): readonly [bytes: number, units: number] {
  if (lead < 0x80) return one;
  if (lead < 0xe0) return two;
  return lead < 0xf0 ? three : four;
}

const [one, two, three, four] = [
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 2],
] as const;

/** A ▁ of the text itself is the same token as a space. */
function asSpelled(text: string): string {
  return text.replaceAll('▁', ' ');
}

/** The text composed piece by piece, so that each composed piece is known to come from its characters. */
function normalised(text: string, form: 'NFC' | 'NFKC', forms: TokenForms): Source | undefined {
  const whole = text.normalize(form);
  if (whole === text) return undefined;
  // A character with its combining marks; vowels and finals of Hangul compose with what is before them too.
  const pieces = text.match(/[^][\p{M}\u1160-\u11FF]*/gu) ?? [];
  const composed = pieces.map((piece) => piece.normalize(form));
  if (composed.join('') !== whole) return undefined;
  const spelled = forms.byteLevel ? composed : composed.map(asSpelled);
  return mapped(pieces, spelled, utf8.encode(spelled.join('')).length);
}

/** Byte → character tables. A piece that stayed as it was maps character by character, another as a whole. */
function mapped(pieces: readonly string[], composed: readonly string[], byteLength: number): Source {
  const bytes = new Uint8Array(byteLength);
  const starts = new Int32Array(byteLength);
  const ends = new Int32Array(byteLength);
  let byte = 0;
  let at = 0;
  const put = (written: string, length: number): void => {
    const encoded = utf8.encode(written);
    bytes.set(encoded, byte);
    starts.fill(at, byte, byte + encoded.length);
    ends.fill(at + length, byte, byte + encoded.length);
    byte += encoded.length;
    at += length;
  };
  pieces.forEach((piece, i) => {
    const written = composed[i] ?? '';
    if (written === piece) for (const character of piece) put(character, character.length);
    else put(written, piece.length);
  });
  return { bytes, startOf: (i) => starts[i] ?? at, endOf: (i) => ends[i] ?? at };
}

function layAlong(source: Source, ids: readonly number[], forms: TokenForms): TokenOffsets | undefined {
  const { bytes } = source;
  const starts = new Int32Array(ids.length);
  const ends = new Int32Array(ids.length);
  let at = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? -1;
    const piece = tokenBytes(id, forms);
    const match = id === forms.unknownId ? unknownExtent(bytes, at, ids[i + 1], forms) : extent(bytes, at, piece);
    if (!match) return undefined;
    const [from, to] = match;
    const where = from < bytes.length ? source.startOf(from) : bytes.length === 0 ? 0 : source.endOf(bytes.length - 1);
    starts[i] = where;
    ends[i] = to > from ? source.endOf(to - 1) : where;
    at = to;
  }
  for (let rest = at; rest < bytes.length; rest++) if (!isSpace(bytes[rest])) return undefined;
  return { starts, ends };
}

/** Where the piece lies at or after `at`: as it is, without a space that was put before it, or after stripped spaces. */
function extent(bytes: Uint8Array, at: number, piece: Uint8Array): readonly [number, number] | undefined {
  if (matches(bytes, at, piece, 0)) return [at, at + piece.length];
  if (piece[0] === space && matches(bytes, at, piece, 1)) return [at, at + piece.length - 1];
  let from = at;
  while (isSpace(bytes[from])) {
    from++;
    if (matches(bytes, from, piece, 0)) return [from, from + piece.length];
  }
  return undefined;
}

/** An unknown token covers what lies before the next known token. */
function unknownExtent(
  bytes: Uint8Array,
  at: number,
  next: number | undefined,
  forms: TokenForms,
): readonly [number, number] | undefined {
  if (matches(bytes, at, tokenBytes(forms.unknownId ?? -1, forms), 0)) {
    return [at, at + tokenBytes(forms.unknownId ?? -1, forms).length];
  }
  if (next === undefined) return [at, bytes.length];
  let to = at + 1;
  while ((bytes[to] ?? 0) >> 6 === 2) to++;
  if (next === forms.unknownId) return [at, to];
  const piece = tokenBytes(next, forms);
  for (; to <= bytes.length; to++) if (matches(bytes, to, piece, 0)) return [at, to];
  return undefined;
}

function matches(bytes: Uint8Array, at: number, piece: Uint8Array, skip: number): boolean {
  if (at + piece.length - skip > bytes.length) return false;
  for (let i = skip; i < piece.length; i++) if (bytes[at + i - skip] !== piece[i]) return false;
  return true;
}

function isSpace(byte: number | undefined): boolean {
  return byte === space || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

const pieces = new WeakMap<TokenForms, Map<number, Uint8Array>>();

/** The UTF-8 bytes that a token stands for. */
function tokenBytes(id: number, forms: TokenForms): Uint8Array {
  const cache = pieces.get(forms) ?? new Map<number, Uint8Array>();
  pieces.set(forms, cache);
  const known = cache.get(id);
  if (known) return known;
  const added = forms.added.get(id);
  const token = forms.tokens[id] ?? '';
  const bytes =
    added !== undefined ? utf8.encode(added) : forms.byteLevel ? bytesOfAlphabet(token) : bytesOfPiece(token);
  cache.set(id, bytes);
  return bytes;
}

function bytesOfPiece(token: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return byte === undefined ? utf8.encode(asSpelled(token)) : Uint8Array.of(Number.parseInt(byte, 16));
}

const alphabet: ReadonlyMap<string, number> = new Map(byteCharacters.map((character, byte) => [character, byte]));

function bytesOfAlphabet(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = alphabet.get(character);
    if (byte === undefined) bytes.push(...utf8.encode(character));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
