// Tokens of words that were met before. Most of a text is a few thousand words, and a tokenizer that splits texts at words
// gives a word the same tokens wherever it stands; to look them up takes a fraction of the time.

type JsonObject = Readonly<Record<string, unknown>>;
type Encode = (text: string) => number[];

/** Words that are remembered, and their length: longer ones hardly come again. */
const mostWords = 50_000;
const longestWord = 40;

/** Characters before a space, after which a word begins a piece of its own in every such tokenizer. */
const probes = [...'aZ9.,;:!?)]}>"\'-_/*%$'];

/**
 * `encode`, the same tokens in less time, for a tokenizer.json whose split keeps ` word` in one piece and never joins it with
 * what stands before; `encode` itself for any other. A text is cut before a space that lies between a printable character of
 * ASCII and a letter of it.
 */
export function rememberWords(json: JsonObject, encode: Encode): Encode {
  if (!splitsAtWords(json) || !probes.every((before) => isCut(encode, before))) return encode;
  const known = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const before = known.get(word);
    if (before) return before;
    const ids = encode(word);
    if (word.length > longestWord) return ids;
    if (known.size >= mostWords) known.clear();
    known.set(word, ids);
    return ids;
  };
  return (text) => {
    const ids: number[] = [];
    let start = 0;
    for (let at = text.indexOf(' ', 1); at !== -1; at = text.indexOf(' ', at + 1)) {
      if (!isPrintable(text.charCodeAt(at - 1)) || !isLetter(text.charCodeAt(at + 1))) continue;
      for (const id of encodeWord(text.slice(start, at))) ids.push(id);
      start = at;
    }
    for (const id of encodeWord(text.slice(start))) ids.push(id);
    return ids;
  };
}

function splitsAtWords({ model, normalizer, pre_tokenizer: split, added_tokens: added }: JsonObject): boolean {
  if (!isObject(model) || model['type'] !== 'BPE') return false;
  if (!parts(normalizer, 'normalizers').every(({ type }) => type === 'NFC')) return false;
  const splits = parts(split, 'pretokenizers');
  if (!splits.every(isKnownSplit) || !splits.some(findsWords)) return false;
  return Array.isArray(added) && added.every(keepsToItself);
}

function isKnownSplit({ type }: JsonObject): boolean {
  return type === 'Split' || type === 'Digits' || type === 'ByteLevel';
}

function findsWords(split: JsonObject): boolean {
  if (split['type'] === 'ByteLevel') return split['use_regex'] !== false;
  const { pattern } = split;
  const regex = isObject(pattern) ? pattern['Regex'] : undefined;
  return split['behavior'] === 'Isolated' && typeof regex === 'string' && regex.includes(String.raw`\p{L}`);
}

/** An added token that neither takes spaces beside it nor holds a place where texts are cut. */
function keepsToItself(token: unknown): boolean {
  if (!isObject(token) || typeof token['content'] !== 'string') return false;
  const reaches = ['lstrip', 'rstrip', 'single_word'].some((flag) => token[flag] === true);
  return !reaches && !/ [A-Za-z]/.test(token['content']);
}

function isCut(encode: Encode, before: string): boolean {
  const whole = encode(`x${before} the`);
  const cut = [...encode(`x${before}`), ...encode(' the')];
  return whole.length === cut.length && whole.every((id, i) => id === cut[i]);
}

function isPrintable(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f;
}

function isLetter(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a);
}

/** A component, or the members of a Sequence of them. */
export function parts(component: unknown, members: string): JsonObject[] {
  if (!isObject(component)) return [];
  const list = component['type'] === 'Sequence' ? component[members] : undefined;
  return Array.isArray(list) ? list.flatMap((part: unknown) => parts(part, members)) : [component];
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
