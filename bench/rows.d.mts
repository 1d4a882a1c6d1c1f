/** JSON Lines of `count` instruction rows of about Alpaca's length, decided by the seed. */
export function benchmarkRows(count: number, seed?: number): string;
