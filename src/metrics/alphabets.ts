// Alphabets that many languages are written in: a text in one of them has told its letters, not its language.

const shared: ReadonlySet<string> = new Set(['Latin', 'Cyrillic', 'Perso-Arabic', 'Devanagari', 'Han']);

/** True for a name of `lint/language.ts` that is an alphabet of many languages. */
export function isSharedAlphabet(name: string): boolean {
  return shared.has(name);
}
