// Dimensions of a shape: numbers, or linear expressions of symbols such as `T`, `3*T` or `P+T`, bound when a graph runs.

/** A dimension: a number, or a canonical linear expression of symbols. */
export type Dim = number | string;
export type Shape = readonly Dim[];
/** Values of the symbols for one run. */
export type DimBindings = Readonly<Record<string, number>>;

interface Linear {
  readonly constant: number;
  /** Sorted by symbol, coefficients never 0. */
  readonly terms: readonly (readonly [symbol: string, coefficient: number])[];
}

const parsed = new Map<string, Linear>();

function parse(dim: Dim): Linear {
  if (typeof dim === 'number') return { constant: dim, terms: [] };
  const known = parsed.get(dim);
  if (known) return known;
  let constant = 0;
  const terms: [string, number][] = [];
  for (const part of dim.split('+')) {
    const [head, symbol] = part.split('*');
    if (symbol !== undefined) terms.push([symbol, Number(head)]);
    else if (/^-?\d+$/.test(part)) constant += Number(part);
    else terms.push([part, 1]);
  }
  const linear = { constant, terms };
  parsed.set(dim, linear);
  return linear;
}

function format({ constant, terms }: Linear): Dim {
  if (terms.length === 0) return constant;
  const parts = terms.map(([symbol, coefficient]) => (coefficient === 1 ? symbol : `${String(coefficient)}*${symbol}`));
  if (constant !== 0) parts.push(String(constant));
  return parts.join('+');
}

/** Sum of two dimensions. */
export function addDims(a: Dim, b: Dim): Dim {
  const [x, y] = [parse(a), parse(b)];
  const terms = new Map(x.terms);
  for (const [symbol, coefficient] of y.terms) terms.set(symbol, (terms.get(symbol) ?? 0) + coefficient);
  const kept = [...terms].filter(([, c]) => c !== 0).sort(([s], [t]) => (s < t ? -1 : 1));
  return format({ constant: x.constant + y.constant, terms: kept });
}

/** Product with a number; `undefined` where the result is no whole number. */
export function scaleDim(dim: Dim, factor: number): Dim | undefined {
  const { constant, terms } = parse(dim);
  const scaled = {
    constant: constant * factor,
    terms: terms.map(([s, c]) => [s, c * factor] as const).filter(([, c]) => c !== 0),
  };
  if (![scaled.constant, ...scaled.terms.map(([, c]) => c)].every(Number.isInteger)) return undefined;
  return format(scaled);
}

/** The number a dimension stands for. Throws for a symbol without a value. */
export function evaluateDim(dim: Dim, bindings: DimBindings): number {
  const { constant, terms } = parse(dim);
  let sum = constant;
  for (const [symbol, coefficient] of terms) {
    const value = bindings[symbol];
    if (value === undefined) throw new Error(`the dimension ${symbol} has no value in this run`);
    sum += coefficient * value;
  }
  return sum;
}

/** All dimensions of a shape as numbers. */
export function evaluateShape(shape: Shape, bindings: DimBindings): number[] {
  return shape.map((dim) => evaluateDim(dim, bindings));
}

/** Number of elements as a polynomial: a numeric factor and the symbolic dimensions it is multiplied with, sorted. */
export function elementCount(shape: Shape): { factor: number; symbols: string[] } {
  let factor = 1;
  const symbols: string[] = [];
  for (const dim of shape) {
    if (typeof dim === 'number') {
      factor *= dim;
      continue;
    }
    const { constant, terms } = parse(dim);
    const only = terms[0];
    if (constant === 0 && terms.length === 1 && only) {
      factor *= only[1];
      symbols.push(only[0]);
    } else symbols.push(dim);
  }
  return { factor, symbols: symbols.sort() };
}

export function sameElementCount(a: Shape, b: Shape): boolean {
  const [x, y] = [elementCount(a), elementCount(b)];
  return x.factor === y.factor && x.symbols.join() === y.symbols.join();
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** Shape of an element-wise result by NumPy's broadcasting rules. Throws where the shapes do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new Error(`shapes ${formatShape(a)} and ${formatShape(b)} cannot be broadcast together`);
  });
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
