// The language of a text by its script, letters that others of the script do not have, and frequent words. Only certain guesses
// count: of a text whose language is not certain the script is told.
import { blocks, lettersOfLanguages, wordsOfLanguages } from './languageWords.ts';

const scripts = [...new Set(blocks.map(([, , script]) => script))];

/** Scripts first, then languages that are told from others of their script. */
export const languages: readonly string[] = [
  'none',
  ...scripts,
  ...['Japanese', 'Chinese'],
  ...lettersOfLanguages.map(({ language }) => language),
  ...wordsOfLanguages.map(([language]) => language),
];

/** Index of the first entry that is a language and no script. */
const firstLanguage = languages.indexOf('Japanese');
const [latin, han, kana, devanagari] = ['Latin', 'Han', 'Kana', 'Devanagari'].map(index) as [
  number,
  number,
  number,
  number,
];
const [japanese, chinese] = [index('Japanese'), index('Chinese')];

const scriptOfLanguage = languages.map((name, i) => {
  if (name === 'Japanese' || name === 'Chinese' || name === 'Kana') return han;
  const { script } = lettersOfLanguages.find(({ language }) => language === name) ?? { script: undefined };
  const told = script ?? wordsOfLanguages.find(([language]) => language === name)?.[1];
  return told === undefined ? i : index(told);
});

/** Index of the script of an entry of `languages`; of a script itself. Kana and Han are one, since Japanese has both. */
export function scriptOf(language: number): number {
  return scriptOfLanguage[language]!;
}

/** Whether an entry is a language, or a script of only one; no script that serves several. */
export function isCertain(language: number): boolean {
  return language >= firstLanguage || (language > 0 && !scriptOfLanguage.includes(language, firstLanguage));
}

/** Code unit → index of its script. */
const scriptOfUnit = new Uint8Array(0x10000);
for (const [start, end, script] of blocks) scriptOfUnit.fill(index(script), start, end);

/** Code unit → the languages, as bits, that it tells and those that it rules out. */
const ownOfUnit = new Uint16Array(0x10000);
const foreignOfUnit = new Uint16Array(0x10000);
for (const [bit, { own, foreign }] of lettersOfLanguages.entries())
  for (const [letters, table] of [[own, ownOfUnit] as const, [foreign, foreignOfUnit] as const])
    for (const letter of letters + letters.toUpperCase()) table[letter.charCodeAt(0)]! |= 1 << bit;

const firstByLetters = index(lettersOfLanguages[0]!.language);
const firstByWords = index(wordsOfLanguages[0]![0]);

/** Slots of a hash table: the hash of a word, and the languages that have it as bits. */
const slots = 4096;
const wordOfSlot = new Int32Array(slots);
const languagesOfSlot = new Int32Array(slots);
for (const [bit, [, , words]] of wordsOfLanguages.entries())
  for (const word of words.split(' ')) {
    const slot = slotOf(hashOf(word));
    wordOfSlot[slot] = hashOf(word);
    languagesOfSlot[slot]! |= 1 << bit;
  }

function index(name: string): number {
  return languages.indexOf(name);
}

/** Where a word stands in the table, or would stand. */
function slotOf(hash: number): number {
  let slot = (hash ^ (hash >>> 11)) & (slots - 1);
  while (languagesOfSlot[slot] !== 0 && wordOfSlot[slot] !== hash) slot = (slot + 1) & (slots - 1);
  return slot;
}

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i += 1) hash = (Math.imul(hash, 31) + word.charCodeAt(i)) | 0;
  return hash;
}

/** Characters at the beginning of a text that are looked at. */
const lookedAt = 300;
/** A guess by words needs so many of them, so many different ones, and this share of all words; one by letters so many of them. */
const leastHits = 4;
const leastDifferent = 3;
const leastShare = 0.15;
const leastLetters = 2;
/** So many characters of a Japanese text have some kana among them. */
const leastHan = 20;

/** Index into `languages`: the script of most letters, and the language itself where it is certain. */
export function languageOf(text: string): number {
  const letters = new Uint16Array(languages.length);
  const length = Math.min(text.length, lookedAt);
  for (let i = 0; i < length; i += 1) letters[scriptOfUnit[text.charCodeAt(i)]!]! += 1;
  letters[0] = 0;
  const script = indexOfMost(letters);
  if (script === 0) return 0;
  if (script === han || script === kana) {
    if (letters[kana]! * 10 > letters[han]!) return japanese;
    return letters[kana] === 0 && letters[han]! >= leastHan ? chinese : han;
  }
  if (script === latin || script === devanagari) return languageOfWords(text, length, script) ?? script;
  return languageOfLetters(text, length, script) ?? script;
}

/** Adds one to each count whose bit is set. */
function count(bits: number, counts: Uint16Array): void {
  for (let left = bits; left !== 0; left &= left - 1) counts[31 - Math.clz32(left & -left)]! += 1;
}

/** The largest; the first of equals. */
function indexOfMost(counts: Uint16Array): number {
  let best = 0;
  for (let i = 1; i < counts.length; i += 1) if (counts[i]! > counts[best]!) best = i;
  return best;
}

function languageOfLetters(text: string, length: number, script: number): number | undefined {
  const hits = new Uint16Array(lettersOfLanguages.length);
  let foreign = 0;
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i);
    foreign |= foreignOfUnit[unit]!;
    count(ownOfUnit[unit]!, hits);
  }
  for (let i = 0; i < hits.length; i += 1) if ((foreign & (1 << i)) !== 0) hits[i] = 0;
  const best = indexOfMost(hits);
  return hits[best]! >= leastLetters && scriptOf(firstByLetters + best) === script ? firstByLetters + best : undefined;
}

function languageOfWords(text: string, length: number, script: number): number | undefined {
  const hits = new Uint16Array(wordsOfLanguages.length);
  /** Slots of the words that were met. */
  const met: number[] = [];
  let [hash, letters, words] = [0, 0, 0];
  for (let i = 0; i <= length; i += 1) {
    let unit = i < length ? text.charCodeAt(i) : 0;
    if (unit >= 0x41 && unit <= 0x5a) unit += 0x20;
    if (scriptOfUnit[unit] === script && (unit >= 0x61 || unit < 0x5b)) {
      hash = (Math.imul(hash, 31) + unit) | 0;
      letters += 1;
      continue;
    }
    if (letters === 0) continue;
    words += 1;
    const slot = slotOf(hash);
    if (languagesOfSlot[slot] !== 0 && !met.includes(slot)) met.push(slot);
    count(languagesOfSlot[slot]!, hits);
    hash = 0;
    letters = 0;
  }
  const best = indexOfMost(hits);
  const most = hits[best]!;
  hits[best] = 0;
  const second = hits[indexOfMost(hits)]!;
  const different = met.filter((slot) => (languagesOfSlot[slot]! & (1 << best)) !== 0).length;
  const isSure = most >= leastHits && different >= leastDifferent && most >= leastShare * words && most >= 2 * second;
  return isSure ? firstByWords + best : undefined;
}
