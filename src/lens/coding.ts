// A row whose characters are replaced by ones that occur nowhere else, so that a rendered text tells where each came from.
import type { JsonPath } from '../data/json/locate.ts';
import type { RowText } from './rowTexts.ts';

/** Place of a character: units [from, to) of a text of the row. */
export interface Anchor {
  readonly text: number;
  readonly from: number;
  readonly to: number;
}

/**
 * What becomes of white space at an end of a text. Templates that trim it all: it is coded by other white space. Where
 * that shows: left out, all of it or its line breaks, for templates that take those away; else it stays as it is.
 */
export type EdgeRule = 'coded' | 'trimmed' | 'without breaks' | 'literal';

export interface CodingRules {
  /** `words`: only letters and digits are replaced, for templates that look at signs in a text. */
  readonly what: 'all' | 'words';
  readonly leading: (text: number) => EdgeRule;
  readonly trailing: (text: number) => EdgeRule;
}

export interface CodedRow {
  readonly value: Readonly<Record<string, unknown>>;
  /** Reads a text that was rendered from the coded row. */
  decode(rendered: string): Decoded;
}

/** White space at the ends of texts: it has codes that are white space too, so that templates trim them alike. */
export interface EdgeRun {
  readonly edge: 'leading' | 'trailing';
  /** Units of the decoded text, [start, end). */
  readonly start: number;
  readonly end: number;
}

export interface Decoded {
  readonly text: string;
  /** For each UTF-16 unit of the text that is known: its place. */
  readonly anchors: readonly (Anchor | undefined)[];
  readonly edges: readonly EdgeRun[];
  /** Texts of which characters were replaced. */
  readonly coded: ReadonlySet<number>;
  readonly rules: CodingRules;
}

/** Words that templates look for in texts, such as <think>, [INST] and special tokens. */
const tagLike = /<\/?[^<>\s]{1,64}>|\[\/?[A-Z_]{2,40}\]|<\|[^|\s]{1,64}\|>/g;
/** Signs that JSON writes otherwise in a string, and what has no business in a text. */
// eslint-disable-next-line no-control-regex
const unsafe = /["\\\s\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufeff]/u;
const spaceCodes = Array.from('\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u205f\u3000\u1680');
const codedSpaces = [' ', '\n', '\t', '\r'] as const;

/**
 * `taken`: a text with every character that may not serve as a code, such as the row and the template.
 * Undefined when the row has more characters than there are codes.
 */
export function codeRow(
  value: unknown,
  texts: readonly RowText[],
  rules: CodingRules,
  taken: string,
): CodedRow | undefined {
  const anchors = new Map<string, Anchor & { readonly character: string }>();
  const used = new Set(taken);
  const codes = freeCodes(used);
  const spaces = spaceCoder(used);
  let exhausted = false;
  const code = (character: string, anchor: Anchor): string => {
    const next = codes.next();
    if (next.done === true) exhausted = true;
    else anchors.set(next.value, { ...anchor, character });
    return next.done === true ? character : next.value;
  };
  const coded = new Map(
    texts.map((text, index) => [keyOf(text.path, text.kind), codedText(text, index, rules, code, spaces.code)]),
  );
  const substituted = substitute(value, [], coded);
  if (exhausted || typeof substituted !== 'object' || substituted === null) return undefined;
  return { value: { ...substituted }, decode: (rendered) => decode(rendered, anchors, spaces.known, rules) };
}

type Code = (character: string, anchor: Anchor) => string;
type SpaceCode = (character: string, edge: EdgeRun['edge']) => string;

function codedText(text: RowText, index: number, rules: CodingRules, code: Code, space: SpaceCode): string {
  if (text.kind === 'other' || (text.kind === 'name' && !text.isArgument)) return text.value;
  const wanted = (character: string): boolean =>
    rules.what === 'all' ? !unsafe.test(character) : /[\p{L}\p{N}]/u.test(character);
  if (text.inner.length > 0) return codedInner(text, index, wanted, code);
  const { value } = text;
  const [from, to] = edgesOf(value);
  if (to <= from) return value;
  const leading = codedEdge(value.slice(0, from), 'leading', rules.leading(index), space);
  const trailing = codedEdge(value.slice(to), 'trailing', rules.trailing(index), space);
  let middle = '';
  let at = from;
  const codeUpTo = (end: number): void => {
    for (const character of value.slice(at, end)) {
      const next = at + character.length;
      middle += wanted(character) ? code(character, { text: index, from: at, to: next }) : character;
      at = next;
    }
  };
  for (const tag of value.slice(from, to).matchAll(tagLike)) {
    codeUpTo(from + tag.index);
    middle += tag[0];
    at += tag[0].length;
  }
  codeUpTo(to);
  return leading + middle + trailing;
}

/** The units between the white space at the ends of a text. */
export function edgesOf(value: string): readonly [number, number] {
  return [/^[ \n\t\r]*/.exec(value)?.[0].length ?? 0, value.length - (/[ \n\t\r]*$/.exec(value)?.[0].length ?? 0)];
}

/** The white space at one end of a text as a rule has it, before it is coded. */
export function ruledEdge(run: string, edge: EdgeRun['edge'], rule: EdgeRule): string {
  if (rule === 'trimmed') return '';
  return rule === 'without breaks' ? run.replace(edge === 'leading' ? /^\n+/ : /\n+$/, '') : run;
}

function codedEdge(run: string, edge: EdgeRun['edge'], rule: EdgeRule, space: SpaceCode): string {
  const kept = ruledEdge(run, edge, rule);
  return rule === 'literal' ? kept : Array.from(kept, (character) => space(character, edge)).join('');
}

function codedInner(text: RowText, index: number, wanted: (character: string) => boolean, code: Code): string {
  let result = '';
  let at = 0;
  for (const { value, starts, ends } of text.inner) {
    let unit = 0;
    for (const character of value) {
      const from = starts[unit] ?? 0;
      unit += character.length;
      const to = ends[unit - 1] ?? from;
      if (!wanted(character)) continue;
      result += text.value.slice(at, from) + code(character, { text: index, from, to });
      at = to;
    }
  }
  return result + text.value.slice(at);
}

function substitute(value: unknown, path: JsonPath, coded: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return coded.get(keyOf(path, 'text')) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => substitute(item, [...path, i], coded));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const inner = [...path, name];
      return [coded.get(keyOf(inner, 'name')) ?? name, substitute(member, inner, coded)];
    }),
  );
}

function keyOf(path: JsonPath, kind: RowText['kind']): string {
  return kind + JSON.stringify(path);
}

/** Characters of the private use areas, those of one UTF-16 unit first: to a template they are letters like any. */
function* freeCodes(used: ReadonlySet<string>): Generator<string, undefined> {
  for (const [first, last] of [
    [0xe000, 0xf8ff],
    [0xf0000, 0xffffd],
    [0x100000, 0x10fffd],
  ] as const) {
    for (let code = first; code <= last; code += 1) {
      const character = String.fromCodePoint(code);
      if (!used.has(character)) yield character;
    }
  }
  return undefined;
}

interface KnownSpace {
  readonly character: string;
  readonly edge: EdgeRun['edge'];
}

function spaceCoder(used: ReadonlySet<string>): { code: SpaceCode; known: ReadonlyMap<string, KnownSpace> } {
  const free = spaceCodes.filter((character) => !used.has(character));
  const known = new Map<string, KnownSpace>();
  const codes = new Map<string, string>();
  for (const edge of ['leading', 'trailing'] as const) {
    for (const character of codedSpaces) {
      const code = free.shift();
      if (code === undefined) continue;
      known.set(code, { character, edge });
      codes.set(edge + character, code);
    }
  }
  return { known, code: (character, edge) => codes.get(edge + character) ?? character };
}

function decode(
  rendered: string,
  known: ReadonlyMap<string, Anchor & { readonly character: string }>,
  spaces: ReadonlyMap<string, KnownSpace>,
  rules: CodingRules,
): Decoded {
  let text = '';
  const anchors: (Anchor | undefined)[] = [];
  const edges: EdgeRun[] = [];
  for (const character of rendered) {
    const anchor = known.get(character);
    const space = anchor ? undefined : spaces.get(character);
    const written = anchor?.character ?? space?.character ?? character;
    if (space) {
      const last = edges.at(-1);
      if (last?.end === text.length && last.edge === space.edge) edges.pop();
      const start = last?.end === text.length && last.edge === space.edge ? last.start : text.length;
      edges.push({ edge: space.edge, start, end: text.length + 1 });
    }
    for (let unit = 0; unit < written.length; unit += 1) {
      // A pair of units that is written in one piece stays one piece, also where each half has an escape of its own.
      anchors.push(anchor);
    }
    text += written;
  }
  return { text, anchors, edges, coded: new Set([...known.values()].map((anchor) => anchor.text)), rules };
}
