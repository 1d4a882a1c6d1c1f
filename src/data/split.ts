// Splits rows into train and validation by the hash of their content, and repeats rows by the weight of their file.

export interface Split {
  /** Indices of rows, ascending. */
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * A row is validated when its fraction (hashFraction, draw 0) is below `share`. So a row never changes sides when
 * others are added, removed or moved, and equal rows stay together. So few rows that one side would stay empty lend it
 * the rows of the content nearest to the border; that needs two different contents.
 */
export function splitRows(fractions: Float64Array, share: number): Split {
  if (share <= 0) return { train: Uint32Array.from(fractions.keys()), validation: new Uint32Array() };
  const lowest = fractions.reduce((a, b) => Math.min(a, b), Infinity);
  const highest = fractions.reduce((a, b) => Math.max(a, b), -Infinity);
  const isValidated = (fraction: number) => {
    if (lowest === highest) return false;
    return (fraction < share || fraction === lowest) && fraction !== highest;
  };
  const train: number[] = [];
  const validation: number[] = [];
  for (const [i, fraction] of fractions.entries()) (isValidated(fraction) ? validation : train).push(i);
  return { train: Uint32Array.from(train), validation: Uint32Array.from(validation) };
}

/**
 * Each row as often as its weight says, in order: the whole part always, one more when its fraction (hashFraction,
 * draw 1) is below the rest.
 */
export function repeatByWeight(
  rows: Uint32Array,
  weightOf: (row: number) => number,
  fractionOf: (row: number) => number,
): Uint32Array {
  const repeated: number[] = [];
  for (const row of rows) {
    const weight = weightOf(row);
    const copies = Math.floor(weight) + (fractionOf(row) < weight - Math.floor(weight) ? 1 : 0);
    for (let i = 0; i < copies; i += 1) repeated.push(row);
  }
  return Uint32Array.from(repeated);
}
