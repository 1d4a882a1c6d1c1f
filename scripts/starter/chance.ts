// Random choices and templates for the text generators: everything follows from a seed and a name.
import { randomStream } from '../../src/engine/random.ts';

export interface Chance {
  /** A whole number in [low, high]. */
  number(low: number, high: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Different members of `from`. */
  several<T>(from: readonly T[], count: number): T[];
  shuffled<T>(items: readonly T[]): T[];
  /**
   * A sentence from a pattern: `(a|b|)` is one of the alternatives (they nest), `<name>` a value from `values`. The first
   * letter becomes a capital.
   */
  say(pattern: string, values?: Readonly<Record<string, string | number>>): string;
}

export function chance(seed: number, ...name: readonly (string | number)[]): Chance {
  const random = randomStream(seed, ...name);
  const number = (low: number, high: number): number => low + Math.floor(random.uniform() * (high - low + 1));
  const pick = <T>(from: readonly T[]): T => from[number(0, from.length - 1)]!;
  const several = <T>(from: readonly T[], count: number): T[] => {
    const rest = [...from];
    return Array.from({ length: count }, () => rest.splice(number(0, rest.length - 1), 1)[0]!);
  };
  const say: Chance['say'] = (pattern, values = {}) => {
    let text = pattern;
    const innermost = /\(([^()]*)\)/;
    for (let found = innermost.exec(text); found; found = innermost.exec(text)) {
      text = text.replace(found[0], () => pick(found[1]!.split('|')));
    }
    text = text.replace(/<(\w+)>/g, (_, key: string) => {
      const value = values[key];
      if (value === undefined) throw new Error(`the pattern ${JSON.stringify(pattern)} wants ${key}`);
      return String(value);
    });
    return capital(
      text
        .replace(/ {2,}/g, ' ')
        .replace(/ ([.,?!:;])/g, '$1')
        .trim(),
    );
  };
  return {
    number,
    happens: (probability) => random.uniform() < probability,
    pick,
    several,
    shuffled: (items) => several(items, items.length),
    say,
  };
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
