// Keys and values of all rows that are being continued, and which places of them each row may look at.

import type { HostArray } from '../executors/executor.ts';
import { masked } from '../model/feeds.ts';
import { partOfPrefix } from '../prefix.ts';

/** Time first, [capacity, rows, width] for each layer, so that what is filled is one piece of memory. */
export interface KeyValueCache {
  /** Puts a prefix [places, 2 · layers · width] before every row. */
  fillPrefix(prefix: HostArray, places: number): void;
  /** Copies the keys and values of packed prompts [tokens, width] behind it; row r has lengths[r] tokens. */
  fillPrompts(tensors: ReadonlyMap<string, { data: HostArray }>, lengths: readonly number[]): void;
  /** `pastKey:<layer>` and `pastValue:<layer>`, [filled, rows, width]. */
  feeds(): Iterable<[string, Float32Array]>;
  /** Where the next token's `key:<layer>` and `value:<layer>` [rows, width] are to be written. */
  nextPlaces(): Map<string, Float32Array>;
  /** Mask [rows, 1, 1, filled + 1] for the next token, whose positions are given. */
  mask(positions: Int32Array, window: number | undefined): Float32Array;
  /** Takes the next place into use; row r's token there has position positions[r]. */
  advance(positions: Int32Array): void;
  readonly filled: number;
}

export function createCache(layers: number, rows: number, width: number, capacity: number): KeyValueCache {
  const row = rows * width;
  const names = Array.from({ length: layers }, (_, i) => [`key:${String(i)}`, `value:${String(i)}`]).flat();
  const buffers = new Map(names.map((name) => [name, new Float32Array(capacity * row)]));
  /** Position of the token at each place, −1 where a row has none: [capacity, rows]. */
  const positionsAt = new Int32Array(capacity * rows).fill(-1);
  let filled = 0;
  const pastName = (name: string) => (name.startsWith('key') ? `pastKey${name.slice(3)}` : `pastValue${name.slice(5)}`);
  return {
    get filled() {
      return filled;
    },
    fillPrefix: (prefix, places) => {
      const whole = prefix.length / places;
      for (const [name, buffer] of buffers) {
        const [part, layer] = name.split(':');
        const [from, to] = partOfPrefix(part === 'key' ? 'key' : 'value', Number(layer), width);
        for (let time = 0; time < places; time++) {
          const own = prefix.subarray(time * whole + from, time * whole + to);
          for (let r = 0; r < rows; r++) buffer.set(own, time * row + r * width);
        }
      }
      for (let time = 0; time < places; time++) positionsAt.fill(time, time * rows, (time + 1) * rows);
      filled = places;
    },
    fillPrompts: (tensors, lengths) => {
      const before = filled;
      filled = before + Math.max(...lengths);
      for (const [name, buffer] of buffers) {
        const source = tensors.get(name)!.data;
        let token = 0;
        lengths.forEach((length, r) => {
          for (let time = 0; time < length; time++, token++) {
            buffer.set(source.subarray(token * width, (token + 1) * width), (before + time) * row + r * width);
          }
        });
      }
      lengths.forEach((length, r) => {
        for (let time = before; time < before + length; time++) positionsAt[time * rows + r] = time;
      });
    },
    feeds: function* () {
      for (const [name, buffer] of buffers) yield [pastName(name), buffer.subarray(0, filled * row)];
    },
    nextPlaces: () =>
      new Map([...buffers].map(([name, buffer]) => [name, buffer.subarray(filled * row, (filled + 1) * row)])),
    mask: (positions, window) => {
      const mask = new Float32Array(rows * (filled + 1));
      for (let r = 0; r < rows; r++) {
        // Unused places have position −1, which a window that reaches beyond the first token must not bring in.
        const oldest = window === undefined ? 0 : Math.max(0, positions[r]! - window + 1);
        for (let time = 0; time < filled; time++) {
          const position = positionsAt[time * rows + r]!;
          if (position < oldest) mask[r * (filled + 1) + time] = masked;
        }
      }
      return mask;
    },
    advance: (positions) => {
      positionsAt.set(positions, filled * rows);
      filled++;
    },
  };
}
