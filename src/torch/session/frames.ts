// The frames between trainer and Python worker: a line of JSON, then the raw bytes that it announces.

/** One message. `parts` are bytes beside the JSON: tokens, losses, tensors. */
export interface Frame {
  readonly head: Readonly<Record<string, unknown>>;
  readonly parts: readonly Uint8Array[];
}

/** The bytes of a frame, piece by piece, so that a large part is not copied. */
export function encodeFrame({ head, parts }: Frame): Uint8Array[] {
  const sizes = parts.length > 0 ? { bytes: parts.map((part) => part.byteLength) } : {};
  return [Buffer.from(`${JSON.stringify({ ...head, ...sizes })}\n`), ...parts];
}

/** A view of an array's own bytes. Both sides are little-endian: PyTorch runs on nothing else. */
export function bytesOf(values: Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The numbers in a part; copied where the part does not begin at a multiple of four. */
export function floatsOf(part: Uint8Array): Float32Array {
  const aligned = part.byteOffset % 4 === 0 ? part : part.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** The int32 numbers in a part. */
export function intsOf(part: Uint8Array): Int32Array {
  const aligned = part.byteOffset % 4 === 0 ? part : part.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** Longest line of JSON, in bytes: more means that somebody else writes on the channel. */
const longestLine = 64 * 1024 * 1024;

/** Puts frames together from pieces as they come. `push` returns those that are complete; throws on what is no frame. */
export function createFrameDecoder(): { push(piece: Uint8Array): Frame[] } {
  let line: Uint8Array[] = [];
  let lineLength = 0;
  let current: { head: Frame['head']; parts: Uint8Array[]; part: number; filled: number } | undefined;
  const complete: Frame[] = [];

  const settle = (): void => {
    while (current && current.part < current.parts.length && current.filled === current.parts[current.part]!.length) {
      current.part += 1;
      current.filled = 0;
    }
    if (!current || current.part < current.parts.length) return;
    complete.push({ head: current.head, parts: current.parts });
    current = undefined;
  };

  return {
    push(piece) {
      let rest = piece;
      while (rest.length > 0) {
        if (current) {
          const target = current.parts[current.part]!;
          const taken = rest.subarray(0, target.length - current.filled);
          target.set(taken, current.filled);
          current.filled += taken.length;
          rest = rest.subarray(taken.length);
          settle();
          continue;
        }
        const end = rest.indexOf(0x0a);
        const taken = end < 0 ? rest : rest.subarray(0, end);
        line.push(taken);
        lineLength += taken.length;
        if (lineLength > longestLine) throw new Error('a line on the channel is too long to be a frame');
        rest = rest.subarray(end < 0 ? rest.length : end + 1);
        if (end < 0) break;
        const { head, sizes } = parseHead(Buffer.concat(line).toString('utf8'));
        line = [];
        lineLength = 0;
        current = { head, parts: sizes.map((size) => new Uint8Array(size)), part: 0, filled: 0 };
        settle();
      }
      return complete.splice(0);
    },
  };
}

function parseHead(text: string): { head: Record<string, unknown>; sizes: number[] } {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('a frame is no object');
  const { bytes = [], ...head } = value as Record<string, unknown>;
  const isSize = (size: unknown): size is number => typeof size === 'number' && Number.isInteger(size) && size >= 0;
  if (!Array.isArray(bytes) || !bytes.every(isSize)) throw new Error('a frame has wrong sizes');
  return { head, sizes: bytes };
}
