// Messages that are nearly right: true ones with fields broken, left out, added or nested beyond reason.
import { uniform } from './random.ts';

const junk: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  -1,
  1e308,
  0.5,
  true,
  '',
  'x'.repeat(10_000),
  '<script>window.pwned=1</script>',
  '../../../etc/passwd',
  [],
  {},
  { '#number': { toString: 1 } },
  { '#number': 'Infinity' },
  { length: 1e9 },
  [[[[[]]]]],
];

/** `count` broken forms of `good`, the same in every run. */
export function malformed(good: readonly unknown[], count: number, seed: string): unknown[] {
  const random = uniform(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const broken = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > 3 || random() < 0.15) {
      return pick(junk);
    }
    const entries = Object.entries(value);
    const at = Math.floor(random() * entries.length);
    const changed = entries.flatMap(([name, item], index): [string, unknown][] => {
      if (index !== at) return [[name, item]];
      return random() < 0.2 ? [] : [[name, broken(item, depth + 1)]];
    });
    return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
  };
  return Array.from({ length: count }, () => broken(pick(good), 0));
}

/** An array in an array in an array …, as deep as JSON lets it be sent. */
export function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
