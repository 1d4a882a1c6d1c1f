// Holds a row's lens against what the trainer makes of the row: tokens, labels, and the characters that they stand for.
import { convertValue } from '../../src/data/formats/convert.ts';
import { mainRecord } from '../../src/data/records.ts';
import { jsonLeaves, writtenString } from '../../src/data/json/leaves.ts';
import { encodeRecord, type EncodeOptions } from '../../src/data/template/encodeRecord.ts';
import { lensOfRow, type RowLens } from '../../src/lens/rowLens.ts';
import { ProblemError } from '../../src/protocol/problem.ts';
import type { NastyRow } from './lensRows.ts';

export interface LensCheck {
  /** Absent: the row cannot be trained on, and the lens says the same as the trainer. */
  readonly lens?: RowLens;
  /** What does not hold; empty when all does. */
  readonly faults: readonly string[];
}

export function checkLens({ text, format }: NastyRow, options: EncodeOptions): LensCheck {
  const said = attempt(() => {
    const { record, issues } = convertValue(JSON.parse(text) as Record<string, unknown>, 'This row', format, {});
    if (!record) throw new ProblemError(issues.map(({ code, message }) => ({ code, severity: 'error', message })));
    return encodeRecord(mainRecord(record), options);
  });
  const seen = attempt(() => lensOfRow(text, { ...options, format, columns: {} }));
  if (typeof said === 'string' || typeof seen === 'string') {
    return { faults: said === seen ? [] : [`the trainer says ${outcome(said)}, the lens ${outcome(seen)}`] };
  }
  const faults: string[] = [];
  const kept = seen.tokens.filter(({ state }) => state !== 'cut');
  const expect = (holds: boolean, what: string): void => {
    if (!holds) faults.push(what);
  };
  expect(
    same(
      kept.map(({ id }) => id),
      said.tokens,
    ),
    'tokens differ from those of the trainer',
  );
  expect(
    same(
      kept.map(({ state }) => (state === 'trained' ? 1 : 0)),
      said.mask,
    ),
    'labels differ from those of the trainer',
  );
  expect(seen.trained === said.trainedTokens && seen.cut === said.truncatedTokens, 'counts differ');
  faults.push(...charactersOf(text, seen, options), ...missing(text, seen));
  return { lens: seen, faults };
}

/** Every tinted stretch, un-escaped, must stand in what its tokens decode to, as it is or as JSON writes it. */
function charactersOf(text: string, lens: RowLens, { tokenizer }: EncodeOptions): string[] {
  let before = 0;
  return lens.pieces.flatMap(({ start, end, first, last, state }) => {
    const written = JSON.parse(`"${text.slice(start, end).replace(/(?<!\\)"/g, '\\"')}"`) as string;
    const decoded = tokenizer.decode(lens.tokens.slice(first, last + 1).map(({ id }) => id));
    const states = new Set(lens.tokens.slice(first, last + 1).map((token) => token.state));
    const faults = [
      ...([written, inJson(written)].some((form) => decoded.includes(form))
        ? []
        : [`${JSON.stringify(written)} is tinted for ${JSON.stringify(decoded)}`]),
      ...(start >= before ? [] : ['pieces overlap']),
      ...(states.has(state) ? [] : ['a piece is in a state that none of its tokens has']),
    ];
    before = end;
    return faults;
  });
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** A turn's text that is rendered as it is, as JSON, or trimmed, must be tinted from its first character to its last. */
function missing(text: string, lens: RowLens): string[] {
  return jsonLeaves(text).flatMap(({ path, kind, start }) => {
    const name = path.at(-1);
    if (
      kind !== 'text' ||
      !['content', 'value', 'instruction', 'output', 'prompt', 'completion'].includes(String(name))
    )
      return [];
    const { value, starts, ends } = writtenString(text, start);
    const trimmed = value.trim();
    if (trimmed === '' || ![trimmed, inJson(trimmed)].some((form) => lens.text.includes(form))) return [];
    const from = value.length - value.trimStart().length;
    const covered = new Set<number>();
    for (const piece of lens.pieces) for (let at = piece.start; at < piece.end; at += 1) covered.add(at);
    const bare = Array.from({ length: trimmed.length }, (_, i) => from + i).filter((i) => {
      for (let at = starts[i]!; at < ends[i]!; at += 1) if (!covered.has(at)) return true;
      return false;
    });
    return bare.length === 0
      ? []
      : [
          `${bare.length} of ${trimmed.length} characters of ${path.join('.')} are not tinted, from ${JSON.stringify(value.slice(bare[0], bare[0]! + 20))}`,
        ];
  });
}

function outcome(said: unknown): string {
  return typeof said === 'string' ? said : 'a row';
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
}

function attempt<T>(act: () => T): T | string {
  try {
    return act();
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
}
