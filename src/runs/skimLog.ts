// A first look at a long event log: every line is seen, but of most steps only their loss is read. Of each stretch the
// first and the last step come out whole, and those with the lowest, the highest and the first non-finite loss.

import { decodeLine, type PlacedEvent } from './logFollower.ts';
import { openIfReadable } from './regularFile.ts';

/** Stretches that a log is cut into: about as many as a chart has pixels for. */
const stretches = 600;
/** Bytes of a stretch, at least and at most. */
const shortest = 64 * 1024;
const longest = 8 << 20;

/** The last steps of the log, all of which come out: what is told of this moment is worked out from them. */
const lastSteps = 40;

/** So many lines that are spelled otherwise than our trainer does, and a look would take as long as reading. */
const strangeLines = 2000;

/**
 * Goes through the log once; `onEvents` gets what comes out of each stretch, in order. Lines that are not looked into
 * are not checked either: this is for a picture until the log has been read. Resolves to false when the log is not
 * spelled in a way that allows it, or cannot be read.
 */
export async function skimLog(file: string, onEvents: (events: readonly PlacedEvent[]) => void): Promise<boolean> {
  const handle = await openIfReadable(file);
  if (!handle) return false;
  try {
    const { size } = await handle.stat();
    const length = Math.min(longest, Math.max(shortest, Math.ceil(size / stretches)));
    const room = Buffer.allocUnsafe(length);
    let strange = 0;
    for (let offset = 0; offset < size;) {
      const { bytesRead } = await handle.read(room, 0, length, offset);
      const end = room.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      // A line that is longer than a stretch, or one that is still being written.
      if (end === 0) return offset + bytesRead >= size;
      const bytes = room.subarray(0, end);
      const picked = pickLines(bytes, offset + end >= size || offset + bytesRead >= size);
      strange += picked.strange;
      if (strange > strangeLines) return false;
      onEvents(eventsAt(bytes, picked.places, offset));
      offset += end;
    }
    return true;
  } finally {
    await handle.close();
  }
}

interface Picked {
  /** Where the lines begin, ascending. */
  readonly places: readonly number[];
  /** Lines that are not steps in our spelling. */
  readonly strange: number;
}

/** The lines of a stretch to look into. `isLast`: also the last steps of the log. */
function pickLines(bytes: Buffer, isLast: boolean): Picked {
  const places = new Set<number>();
  const tail: number[] = [];
  let strange = 0;
  let first = -1;
  let last = -1;
  let lowest = -1;
  let highest = -1;
  let broken = -1;
  let low = 0;
  let high = 0;
  let step = -1;
  const close = (): void => {
    for (const place of [first, last, lowest, highest, broken]) if (place >= 0) places.add(place);
    first = last = lowest = highest = broken = -1;
  };
  for (let start = 0, end = bytes.indexOf(0x0a); end >= 0; start = end + 1, end = bytes.indexOf(0x0a, start)) {
    if (!findLoss(bytes, start)) {
      strange += 1;
      places.add(start);
      continue;
    }
    // Steps that are run again begin anew, or what is forgotten would take its neighbours with it.
    if (seen.step <= step) close();
    step = seen.step;
    if (first < 0) first = start;
    last = start;
    const { loss } = seen;
    if (loss - loss !== 0) {
      if (broken < 0) broken = start;
    } else {
      if (lowest < 0 || loss < low) {
        low = loss;
        lowest = start;
      }
      if (highest < 0 || loss > high) {
        high = loss;
        highest = start;
      }
    }
    if (isLast) tail.push(start);
  }
  close();
  for (const place of tail.slice(-lastSteps)) places.add(place);
  return { places: [...places].sort((a, b) => a - b), strange };
}

function eventsAt(bytes: Buffer, places: readonly number[], offset: number): PlacedEvent[] {
  return places.flatMap((place) => {
    const event = decodeLine(bytes.subarray(place, bytes.indexOf(0x0a, place) + 1), () => undefined);
    return event ? [{ event, place: offset + place }] : [];
  });
}

const zero = 0x30;
const prefix = Buffer.from('{"seq":');
const behindTime = Buffer.from('","type":"step","step":');
const timeKey = ',"time":"';
const isoLength = '2026-11-24T00:00:00.000Z'.length;
const epochKey = Buffer.from(',"epoch":');
const lossKey = Buffer.from(',"loss":');

/** What `findLoss` found: one object, made once. */
const seen = { step: 0, loss: 0 };

/** Looks for step and loss where our trainer writes them; false when the line is none of its steps. */
function findLoss(bytes: Buffer, start: number): boolean {
  let at = start + prefix.length;
  if (!holds(bytes, start, prefix)) return false;
  while (isDigit(bytes[at])) at += 1;
  at += timeKey.length + isoLength;
  if (!holds(bytes, at, behindTime)) return false;
  at += behindTime.length;
  let step = 0;
  for (; isDigit(bytes[at]); at++) step = step * 10 + (bytes[at]! - zero);
  if (!holds(bytes, at, epochKey)) return false;
  at += epochKey.length;
  while (bytes[at] !== 0x2c && bytes[at] !== 0x0a) at += 1;
  if (!holds(bytes, at, lossKey)) return false;
  seen.step = step;
  seen.loss = roughNumber(bytes, at + lossKey.length);
  return true;
}

/** A number to compare with others, exact to 15 digits; NaN for one that is spelled out. */
function roughNumber(bytes: Buffer, start: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start;
  if (!isDigit(bytes[at])) return Number.NaN;
  let value = 0;
  for (; isDigit(bytes[at]); at++) value = value * 10 + (bytes[at]! - zero);
  if (bytes[at] === 0x2e) {
    at += 1;
    for (let unit = 0.1; isDigit(bytes[at]); at++, unit /= 10) value += unit * (bytes[at]! - zero);
  }
  if (bytes[at] === 0x65) {
    let end = at;
    while (bytes[end] !== 0x2c && bytes[end] !== 0x0a) end += 1;
    value *= Number(`1${bytes.toString('latin1', at, end)}`);
  }
  return bytes[start] === 0x2d ? -value : value;
}

function holds(bytes: Buffer, at: number, wanted: Buffer): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39;
}
