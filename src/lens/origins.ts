// Where each character of a rendered text is written in the row: found by rendering the row again with characters that tell.
import type { RowText } from './rowTexts.ts';
import {
  codeRow,
  edgesOf,
  ruledEdge,
  type Anchor,
  type CodingRules,
  type Decoded,
  type EdgeRule,
  type EdgeRun,
} from './coding.ts';
import { alignGap, type LiteralPart } from './gaps.ts';
import { searchTexts } from './search.ts';

/** UTF-16 unit i of the rendered text comes from units [from[i], to[i]) of text `text[i]`; -1: from the template. */
export interface Origins {
  readonly text: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

export interface OriginsRequest {
  /** The parsed row. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly texts: readonly RowText[];
  /** The text that is tokenised. */
  readonly rendered: string;
  /** Renders a row with other values in the same way; undefined where that is refused. */
  readonly render: (value: Readonly<Record<string, unknown>>) => string | undefined;
  /** Source of the template, whose characters may not serve as codes. */
  readonly template: string;
}

/**
 * The row is rendered again with every character replaced by one that occurs nowhere else. Where that, read back, is the
 * very text, each character's place is certain. Templates that look into texts get less and less replaced, down to a
 * search for the texts as they are. A character is never given to one that differs from it, but an escape of JSON to the
 * one that it stands for.
 */
export function findOrigins(request: OriginsRequest): Origins {
  const { texts, rendered } = request;
  const origins = emptyOrigins(rendered.length);
  const decoded = decodedText(request);
  if (decoded) {
    putAnchors(origins, decoded, rendered.length);
    putEdges(origins, decoded, texts);
    fillGaps(origins, decoded.rules, request);
  }
  // A text with replaced characters of which none was rendered is not there, whatever looks like it.
  searchTexts(origins, rendered, texts, (_, index) => decoded === undefined || !decoded.coded.has(index));
  return origins;
}

function emptyOrigins(length: number): Origins {
  const none = (): Int32Array => new Int32Array(length).fill(-1);
  return { text: none(), from: none(), to: none() };
}

function decodedText(request: OriginsRequest): Decoded | undefined {
  const attempt = (rules: CodingRules): Decoded | undefined => {
    const taken =
      JSON.stringify(request.value) + JSON.stringify(request.texts.map(({ value }) => value)) + request.template;
    const row = codeRow(request.value, request.texts, rules, taken);
    const rendered = row && request.render(row.value);
    const decoded = row && rendered !== undefined ? row.decode(rendered) : undefined;
    return decoded?.text.startsWith(request.rendered) ? decoded : undefined;
  };
  const coded = attempt({ what: 'all', leading: () => 'coded', trailing: () => 'coded' });
  if (coded) return coded;
  const edges = edgeRules(request);
  return attempt({ what: 'all', ...edges }) ?? attempt({ what: 'words', ...edges });
}

/** What the template does with the white space at the ends of each text, seen by taking it away. */
function edgeRules({ value, texts, render }: OriginsRequest): Pick<CodingRules, 'leading' | 'trailing'> {
  const whole = render(value);
  const decide = (edge: EdgeRun['edge']) => {
    const known = new Map<number, EdgeRule>();
    const found = (index: number): EdgeRule => {
      const text = texts[index];
      if (!text || text.inner.length > 0) return 'literal';
      const [from, to] = edgesOf(text.value);
      const run = edge === 'leading' ? text.value.slice(0, from) : text.value.slice(to);
      if (run === '' || to <= from) return 'literal';
      const rule = (['trimmed', 'without breaks'] as const).find((each) => {
        const kept = ruledEdge(run, edge, each);
        if (kept === run) return false;
        const changed = edge === 'leading' ? kept + text.value.slice(from) : text.value.slice(0, to) + kept;
        return render(withText(value, text, changed)) === whole;
      });
      return rule ?? 'literal';
    };
    return (index: number): EdgeRule => {
      const rule = known.get(index) ?? found(index);
      known.set(index, rule);
      return rule;
    };
  };
  return { leading: decide('leading'), trailing: decide('trailing') };
}

function withText(
  value: Readonly<Record<string, unknown>>,
  text: RowText,
  changed: string,
): Readonly<Record<string, unknown>> {
  const replace = (inner: unknown, depth: number): unknown => {
    const step = text.path[depth];
    if (step === undefined) return changed;
    if (Array.isArray(inner)) return inner.map((item: unknown, i) => (i === step ? replace(item, depth + 1) : item));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([name, member]: [string, unknown]) => [
        name,
        name === step ? replace(member, depth + 1) : member,
      ]),
    );
  };
  return replace(value, 0) as Readonly<Record<string, unknown>>;
}

function putAnchors(origins: Origins, { anchors }: Decoded, length: number): void {
  for (let unit = 0; unit < length; unit += 1) {
    const anchor = anchors[unit];
    if (anchor) put(origins, unit, anchor);
  }
}

export function put(origins: Origins, unit: number, { text, from, to }: Anchor): void {
  origins.text[unit] = text;
  origins.from[unit] = from;
  origins.to[unit] = to;
}

/** White space at the start of a text stands before its first character, at its end after its last. */
function putEdges(origins: Origins, { text, edges, anchors }: Decoded, texts: readonly RowText[]): void {
  for (const { edge, start, end } of edges) {
    const at = edge === 'leading' ? anchors.findIndex((anchor, i) => i >= end && anchor) : lastBefore(anchors, start);
    const near = anchors[at];
    const value = near && texts[near.text]?.value;
    if (value === undefined || near === undefined) continue;
    const [from, to] = edgesOf(value);
    // What lies between is of the same text too: another one may hold nothing but signs that were not replaced.
    const [between, own] =
      edge === 'leading'
        ? [text.slice(end, at), value.slice(from, near.from)]
        : [text.slice(at + 1, start), value.slice(near.to, to)];
    if (between !== own) continue;
    const first = edge === 'leading' ? from - (end - start) : to;
    if (first < 0 || value.slice(first, first + end - start) !== text.slice(start, end)) continue;
    for (let unit = start; unit < Math.min(end, origins.text.length); unit += 1) {
      const place = first + unit - start;
      put(origins, unit, { text: near.text, from: place, to: place + 1 });
    }
  }
}

function lastBefore(anchors: Decoded['anchors'], end: number): number {
  let at = end - 1;
  while (at >= 0 && !anchors[at]) at -= 1;
  return at;
}

/** What was not replaced, between characters that were: tags, quotes, spaces within a text. */
function fillGaps(origins: Origins, rules: CodingRules, { rendered, texts }: OriginsRequest): void {
  // White space at the ends that was replaced, and does not show, is not there, whatever stands in its place.
  const literal = texts.map(({ value }, index): LiteralPart => {
    const [from, to] = edgesOf(value);
    return {
      value,
      from: rules.leading(index) === 'literal' ? 0 : from,
      to: rules.trailing(index) === 'literal' ? value.length : to,
    };
  });
  let before = -1;
  for (let unit = 0; unit <= rendered.length; unit += 1) {
    if (unit < rendered.length && (origins.text[unit] ?? -1) < 0) continue;
    if (unit - before > 1) alignGap(origins, rendered, before, unit, literal);
    before = unit;
  }
}
