// Reads `step` lines without JSON.parse and ajv: a million of them in about a second. It knows one spelling, the one that
// our trainer writes; any other line is left to the checked path, which decides what it is.

import { putMetric, type StepBlock } from '../metrics/stepBlock.ts';

export interface ScannedPiece {
  readonly bytes: Uint8Array;
  /** The same bytes as characters, one each. */
  readonly text: string;
  /** Byte of the log where the piece begins. */
  readonly offset: number;
}

export interface StepScanner {
  /**
   * Adds the line from `start` up to its newline at `end` to the block. False for a line of another spelling, which
   * leaves the block as it was. The bytes must be valid UTF-8.
   */
  scan(piece: ScannedPiece, start: number, end: number, block: StepBlock): boolean;
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const key = (name: string): Uint8Array => bytesOf(`,"${name}":`);

const keys = {
  seq: bytesOf('{"seq":'),
  time: bytesOf(',"time":"'),
  step: bytesOf('","type":"step","step":'),
  epoch: key('epoch'),
  loss: key('loss'),
  learningRate: key('learning_rate'),
  gradNorm: key('grad_norm'),
  tokens: key('tokens'),
  trainedTokens: key('trained_tokens'),
  tokensPerSecond: key('tokens_per_second'),
  memory: key('memory_bytes'),
  seconds: key('seconds'),
  rows: bytesOf(',"rows":['),
  rowId: bytesOf('{"id":"'),
  rowLoss: bytesOf('","loss":'),
  metrics: bytesOf(',"metrics":{'),
};

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const closingBrace = 0x7d;
const closingBracket = 0x5d;
const zero = 0x30;
const nine = 0x39;
const minus = 0x2d;
const point = 0x2e;

/** Whole numbers up to this many digits are exact, and so is such a number divided by a power of ten up to 22. */
const exactDigits = 15;
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** `2026-11-24T00:00:00.000Z` */
const timeLength = 24;

/** A scanner; it remembers the last day that it saw. */
export function createStepScanner(): StepScanner {
  let dayText = '';
  let day = Number.NaN;

  /** Milliseconds since 1970 of a time that begins at a place; NaN when it is none. */
  const timeAt = ({ bytes, text }: ScannedPiece, at: number): number => {
    const signs = bytes[at + 10] === 0x54 && bytes[at + 13] === 0x3a && bytes[at + 16] === 0x3a;
    if (!signs || bytes[at + 19] !== point || bytes[at + 23] !== 0x5a) return Number.NaN;
    if (dayText === '' || !text.startsWith(dayText, at)) {
      dayText = text.slice(at, at + 10);
      day = /^\d{4}-\d\d-\d\d$/.test(dayText) ? Date.parse(dayText) : Number.NaN;
    }
    const last = bytes[at + 22]! - zero;
    return (
      day +
      twoDigits(bytes, at + 11, 24) * 3_600_000 +
      twoDigits(bytes, at + 14, 60) * 60_000 +
      twoDigits(bytes, at + 17, 60) * 1000 +
      twoDigits(bytes, at + 20, 100) * 10 +
      (last >= 0 && last <= 9 ? last : Number.NaN)
    );
  };

  /** Where the line ends; below zero when it is of another spelling. Its numbers go into the columns on the way. */
  const line = (piece: ScannedPiece, start: number, block: StepBlock): number => {
    const { bytes } = piece;
    const { fields, length } = block;
    let at = readInteger(bytes, pass(bytes, start, keys.seq));
    fields.seq[length] = found[0]!;
    at = pass(bytes, at, keys.time);
    if (at < 0) return -1;
    const time = timeAt(piece, at);
    if (time - time !== 0) return -1;
    fields.time[length] = time;
    at = readInteger(bytes, pass(bytes, at + timeLength, keys.step));
    fields.step[length] = found[0]!;
    at = readNumber(piece, pass(bytes, at, keys.epoch));
    fields.epoch[length] = found[0]!;
    at = readNumber(piece, pass(bytes, at, keys.loss));
    fields.loss[length] = found[0]!;
    at = readNumber(piece, pass(bytes, at, keys.learningRate));
    fields.learning_rate[length] = found[0]!;
    at = readNumber(piece, pass(bytes, at, keys.gradNorm));
    fields.grad_norm[length] = found[0]!;
    at = readInteger(bytes, pass(bytes, at, keys.tokens));
    at = readInteger(bytes, pass(bytes, at, keys.trainedTokens));
    fields.trained_tokens[length] = found[0]!;
    at = readNumber(piece, pass(bytes, at, keys.tokensPerSecond));
    fields.tokens_per_second[length] = found[0]!;
    at = readInteger(bytes, pass(bytes, at, keys.memory));
    fields.memory_bytes[length] = found[0]!;
    at = readNumber(piece, pass(bytes, at, keys.seconds));
    fields.seconds[length] = found[0]!;
    at = passRows(bytes, pass(bytes, at, keys.rows));
    if (at >= 0 && bytes[at] === comma) at = readMetrics(piece, pass(bytes, at, keys.metrics), block);
    return at >= 0 && bytes[at] === closingBrace ? at + 1 : -1;
  };

  return {
    scan(piece, start, end, block) {
      if (line(piece, start, block) !== end) {
        for (const column of block.metrics.values()) column[block.length] = Number.NaN;
        return false;
      }
      block.fields.place[block.length] = piece.offset + start;
      block.length += 1;
      return true;
    },
  };
}

// Each of the readers below begins at a place and returns the place behind what it read; below zero stands for "not
// that", and is passed on. A number that was read is in `found`. Plain functions over places are what makes this fast.

const found = new Float64Array(1);

function pass(bytes: Uint8Array, at: number, wanted: Uint8Array): number {
  if (at < 0) return -1;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return -1;
  return at + wanted.length;
}

/** Digits without sign, point or exponent; only so many that their number is exact. */
function readInteger(bytes: Uint8Array, start: number): number {
  if (start < 0) return -1;
  let at = start;
  let value = 0;
  let digit = bytes[at]! - zero;
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit;
    digit = bytes[++at]! - zero;
  }
  const digits = at - start;
  if (digits === 0 || digits > exactDigits || (digits > 1 && bytes[start] === zero)) return -1;
  found[0] = value;
  return at;
}

/** Any JSON number that is finite. */
function readNumber({ bytes, text }: ScannedPiece, start: number): number {
  const end = passNumber(bytes, start);
  if (end < 0) return -1;
  let at = bytes[start] === minus ? start + 1 : start;
  let value = 0;
  let pointAt = -1;
  if (end - at <= exactDigits + 1) {
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === point) pointAt = at;
      else if (byte > nine) break;
      else value = value * 10 + (byte - zero);
    }
  }
  if (at === end && (pointAt >= 0 || end - start <= exactDigits)) {
    if (pointAt >= 0) value /= powers[end - pointAt - 1]!;
    found[0] = bytes[start] === minus ? -value : value;
    return end;
  }
  const parsed = Number(text.substring(start, end));
  found[0] = parsed;
  return parsed - parsed === 0 ? end : -1;
}

/** A JSON number, not worked out. One that is so long or has such an exponent that it may be infinite is none. */
function passNumber(bytes: Uint8Array, start: number): number {
  if (start < 0) return -1;
  const first = bytes[start] === minus ? start + 1 : start;
  let at = first;
  let byte = bytes[at]!;
  while (byte >= zero && byte <= nine) byte = bytes[++at]!;
  if (at === first || at - first > 300 || (at - first > 1 && bytes[first] === zero)) return -1;
  if (byte === point) {
    const behind = ++at;
    byte = bytes[at]!;
    while (byte >= zero && byte <= nine) byte = bytes[++at]!;
    if (at === behind) return -1;
  }
  if (byte !== 0x65 && byte !== 0x45) return at;
  // Loss and rate are small: 1e-7 is common, 1e400 would be infinite.
  if (bytes[++at] !== minus) return -1;
  const behind = ++at;
  byte = bytes[at]!;
  while (byte >= zero && byte <= nine) byte = bytes[++at]!;
  return at === behind ? -1 : at;
}

/** Up to the closing quote; a text with escapes or control characters is left to the checked path. */
function passText(bytes: Uint8Array, start: number): number {
  if (start < 0) return -1;
  let at = start;
  let byte = bytes[at]!;
  while (byte !== quote) {
    if (byte === backslash || !(byte >= 0x20)) return -1;
    byte = bytes[++at]!;
  }
  return at;
}

function passRows(bytes: Uint8Array, start: number): number {
  if (start < 0) return -1;
  if (bytes[start] === closingBracket) return start + 1;
  for (let at = start; ; at++) {
    at = passText(bytes, pass(bytes, at, keys.rowId));
    at = passNumber(bytes, pass(bytes, at, keys.rowLoss));
    at = readInteger(bytes, pass(bytes, at, keys.tokens));
    if (at < 0 || bytes[at] !== closingBrace) return -1;
    at += 1;
    if (bytes[at] === closingBracket) return at + 1;
    if (bytes[at] !== comma) return -1;
  }
}

function readMetrics(piece: ScannedPiece, start: number, block: StepBlock): number {
  const { bytes, text } = piece;
  if (start < 0) return -1;
  if (bytes[start] === closingBrace) return start + 1;
  for (let at = start; ; at++) {
    if (bytes[at] !== quote) return -1;
    const end = passText(bytes, at + 1);
    if (end < 0 || bytes[end + 1] !== 0x3a) return -1;
    const name = text.slice(at + 1, end);
    // Beyond ASCII, characters and bytes are not the same; and a metric of a name of ours would replace that.
    if (/[^ -~]/.test(name) || Object.hasOwn(block.fields, name)) return -1;
    at = readNumber(piece, end + 2);
    if (at < 0) return -1;
    putMetric(block, name, found[0]!);
    if (bytes[at] === closingBrace) return at + 1;
    if (bytes[at] !== comma) return -1;
  }
}

function twoDigits(bytes: Uint8Array, at: number, below: number): number {
  const tens = bytes[at]! - zero;
  const ones = bytes[at + 1]! - zero;
  const value = tens * 10 + ones;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 && value < below ? value : Number.NaN;
}
