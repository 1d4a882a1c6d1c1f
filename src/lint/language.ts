// The language of a text by its letters and, for Latin and Cyrillic ones, by its commonest words. Only certain guesses count.

/** Alphabets first, then languages that are told by their words. */
export const languages = [
  'none',
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Thai',
  'Korean',
  'Japanese',
  'Chinese',
  'English',
  'German',
  'French',
  'Spanish',
  'Italian',
  'Portuguese',
  'Dutch',
  'Polish',
  'Swedish',
  'Turkish',
  'Indonesian',
] as const;
/** Index of the first language that is told by its words. */
export const firstByWords = languages.indexOf('English');
export type Language = (typeof languages)[number];

/** First code unit and end of the blocks in which the letters of a script lie. */
const blocks: readonly (readonly [number, number, Language])[] = [
  [0x41, 0x250, 'Latin'],
  [0x370, 0x400, 'Greek'],
  [0x400, 0x530, 'Cyrillic'],
  [0x590, 0x600, 'Hebrew'],
  [0x600, 0x780, 'Arabic'],
  [0x900, 0x980, 'Devanagari'],
  [0xe00, 0xe80, 'Thai'],
  [0x3040, 0x3100, 'Japanese'],
  [0x4e00, 0xa000, 'Chinese'],
  [0xac00, 0xd7b0, 'Korean'],
];

/** Code unit → index of its script. */
const scriptOfUnit = new Uint8Array(0x10000);
for (const [start, end, script] of blocks) scriptOfUnit.fill(languages.indexOf(script), start, end);

/** Frequent words that are no words of the other languages here. */
const commonWords: readonly (readonly [Language, string])[] = [
  [
    'English',
    'the and is are was were of that this with for you your from have has not which their they would can it be',
  ],
  [
    'German',
    'der das und ist nicht ein eine einen mit auf für sich dem den von zu wird auch werden oder sind kann aber wie',
  ],
  [
    'French',
    'les des est une dans pour qui pas avec sur vous nous sont cette par ces être aux plus ils elle leur mais',
  ],
  ['Spanish', 'los las una con por para pero más este esta como sus del está son muy puede también hay ser fue sobre'],
  [
    'Italian',
    'il gli di che della dei delle nel sono per più anche questo questa alla essere con dal molto può quando',
  ],
  ['Portuguese', 'os não uma com para mais dos das como mas ao ele foi são também pode você isso seu sua pela pelo'],
  ['Dutch', 'het een van en niet zijn dat voor met op ook aan worden wordt bij naar deze deel kan maar hebben uit'],
  ['Polish', 'się nie jest że na do są jak oraz przez może aby dla które który tego być lub tym po ale czy'],
  ['Swedish', 'och att det som är på inte av för med den till ett kan har om eller från vara detta sig också'],
  ['Turkish', 'bir ve bu için ile olarak da çok daha gibi olan en ne var kadar sonra her veya değil olduğu'],
  ['Indonesian', 'yang dan di untuk dengan tidak ini itu dari dalam pada adalah akan atau dapat bisa juga oleh karena'],
];

/** Slots of a hash table: the hash of a word, and the sum of 2^(index) of the languages that have it. */
const slots = 2048;
const wordOfSlot = new Int32Array(slots);
const languagesOfSlot = new Int32Array(slots);
for (const [language, words] of commonWords)
  for (const word of words.split(' ')) {
    const slot = slotOf(hashOf(word));
    wordOfSlot[slot] = hashOf(word);
    languagesOfSlot[slot]! |= 1 << languages.indexOf(language);
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
/** A guess by words needs so many of them, and this share of all words. */
const leastHits = 4;
const leastShare = 0.15;

/** Index into `languages`: the script of most letters, and the language itself where its words are certain. */
export function languageOf(text: string): number {
  const letters = new Uint16Array(languages.length);
  const length = Math.min(text.length, lookedAt);
  for (let i = 0; i < length; i += 1) letters[scriptOfUnit[text.charCodeAt(i)]!]! += 1;
  const script = indexOfMost(letters, 1);
  if (letters[script] === 0) return 0;
  const japanese = languages.indexOf('Japanese');
  if (languages[script] === 'Chinese' && letters[japanese]! * 10 > letters[script]!) return japanese;
  return languages[script] === 'Latin' ? (languageOfWords(text, length) ?? script) : script;
}

/** The largest; the first of equals. */
function indexOfMost(counts: Uint16Array, from: number): number {
  let best = from;
  for (let i = from + 1; i < counts.length; i += 1) if (counts[i]! > counts[best]!) best = i;
  return best;
}

function languageOfWords(text: string, length: number): number | undefined {
  const hits = new Uint16Array(languages.length);
  let [hash, letters, words] = [0, 0, 0];
  for (let i = 0; i <= length; i += 1) {
    let unit = i < length ? text.charCodeAt(i) : 0;
    if (unit >= 0x41 && unit <= 0x5a) unit += 0x20;
    if (scriptOfUnit[unit] === 1 && (unit >= 0x61 || unit < 0x5b)) {
      hash = (Math.imul(hash, 31) + unit) | 0;
      letters += 1;
      continue;
    }
    if (letters === 0) continue;
    words += 1;
    for (let own = languagesOfSlot[slotOf(hash)]!; own !== 0; own &= own - 1) hits[31 - Math.clz32(own & -own)]! += 1;
    hash = 0;
    letters = 0;
  }
  const best = indexOfMost(hits, 0);
  const most = hits[best]!;
  hits[best] = 0;
  const second = hits[indexOfMost(hits, 0)]!;
  return most >= leastHits && most >= leastShare * words && most >= 2 * second ? best : undefined;
}
