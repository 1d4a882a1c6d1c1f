// What is kept of a row when its text is gone: enough for the rules that look at all rows of a file together.
import type { Looks } from '../data/formats/detect.ts';
import { formats } from '../data/formats/format.ts';
import { combineHashes, hashTexts, signatureOf, signatureSize } from './hash.ts';
import { languageOf } from './language.ts';
import { isOn, type LintSettings } from './settings.ts';
import { nameOf, plainText, type LintRow } from './row.ts';

/** What rows look like, in the order of their numbers in the columns. */
export const looksCodes: readonly Looks[] = [...formats, 'unknown'];

export interface RowFacts {
  readonly looks: Looks;
  /** Hash of what the row says, whatever its fields are called; also the name of the row in a sidecar file. */
  readonly hash: number;
  readonly promptHash: number;
  readonly answerHash: number;
  readonly promptChars: number;
  readonly answerChars: number;
  /** Of preference rows; 0 for others. */
  readonly rejectedChars: number;
  /** Index into `languages`. */
  readonly language: number;
  /** Names and types of the fields: `input:text output:text`. */
  readonly shape: string;
  readonly signature: Uint16Array | undefined;
}

/** Which facts are kept beyond those that every row has. */
export interface FactChoice {
  /** For near duplicates; 128 bytes a row. */
  readonly signatures: boolean;
  readonly languages: boolean;
}

export function factChoice(settings: LintSettings): FactChoice {
  return {
    signatures: isOn('quality/near-duplicate', settings),
    languages: isOn('quality/language-outlier', settings),
  };
}

export function factsOf(row: LintRow, choice: FactChoice): RowFacts {
  const answer = row.answer?.text ?? '';
  const rejected = row.looks === 'preference' ? plainText(row.value[nameOf(row, 'rejected')]) : '';
  const promptHash = hashTexts(row.prompt);
  const answerHash = hashTexts(row.said);
  // Rows of no known format are what is written there; others are what they say, however their fields are called.
  const whole = row.looks === 'unknown' ? hashTexts([row.text.trim()]) : combineHashes(promptHash, answerHash);
  return {
    looks: row.looks,
    hash: rejected === '' ? whole : combineHashes(whole, hashTexts([rejected])),
    promptHash,
    answerHash,
    promptChars: charsOf(row.prompt),
    answerChars: answer.length,
    rejectedChars: rejected.length,
    language: choice.languages ? languageOf(answer) : 0,
    shape: shapeOf(row.value),
    signature: choice.signatures ? signatureOf([...row.prompt, ...row.said]) : undefined,
  };
}

function charsOf(texts: readonly string[]): number {
  let chars = 0;
  for (const { length } of texts) chars += length;
  return chars;
}

/** The shape that was made last; rows of a file mostly have the same. */
let lastShape = { names: [] as readonly string[], kinds: [] as readonly string[], shape: '' };

function shapeOf(value: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(value);
  const isSame = names.length === lastShape.names.length && names.every(isAsBefore, value);
  if (isSame) return lastShape.shape;
  const kinds = names.map((name) => kindOf(value[name]));
  const fields = names.map((name, i) => `${name}:${kinds[i]!}`);
  lastShape = { names, kinds, shape: fields.sort().join('\t') };
  return lastShape.shape;
}

function isAsBefore(this: Readonly<Record<string, unknown>>, name: string, i: number): boolean {
  return name === lastShape.names[i] && kindOf(this[name]) === lastShape.kinds[i];
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'string' ? 'text' : typeof value;
}

/** Columns of facts that grow; plain data, so that a worker can hand them over. */
export interface FactColumns {
  rows: number;
  line: Uint32Array;
  /** Length of the row's line in UTF-16 units. */
  width: Uint32Array;
  hash: Float64Array;
  promptHash: Float64Array;
  answerHash: Float64Array;
  promptChars: Uint32Array;
  answerChars: Uint32Array;
  rejectedChars: Uint32Array;
  /** Index into `looksCodes`. */
  looks: Uint8Array;
  language: Uint8Array;
  /** Index into `shapes`. */
  shape: Uint32Array;
  shapes: string[];
  /** `signatureSize` numbers a row, or none at all. */
  signatures: Uint16Array;
  /** 1: the row has a signature. */
  signed: Uint8Array;
}

export class FactTable {
  readonly columns: FactColumns;
  private readonly withSignatures: boolean;
  private readonly shapeIds = new Map<string, number>();
  private capacity: number;

  constructor(withSignatures: boolean, capacity = 256) {
    this.withSignatures = withSignatures;
    this.capacity = capacity;
    this.columns = {
      rows: 0,
      shapes: [],
      ...numberColumns(capacity),
      signatures: new Uint16Array(withSignatures ? capacity * signatureSize : 0),
    };
  }

  get rows(): number {
    return this.columns.rows;
  }

  add(line: number, width: number, facts: RowFacts): void {
    this.reserve(1);
    const { columns } = this;
    const at = columns.rows;
    columns.line[at] = line;
    columns.width[at] = width;
    columns.hash[at] = facts.hash;
    columns.promptHash[at] = facts.promptHash;
    columns.answerHash[at] = facts.answerHash;
    columns.promptChars[at] = facts.promptChars;
    columns.answerChars[at] = facts.answerChars;
    columns.rejectedChars[at] = facts.rejectedChars;
    columns.looks[at] = looksCodes.indexOf(facts.looks);
    columns.language[at] = facts.language;
    columns.shape[at] = this.shapeId(facts.shape);
    if (this.withSignatures && facts.signature !== undefined) {
      columns.signatures.set(facts.signature, at * signatureSize);
      columns.signed[at] = 1;
    }
    columns.rows += 1;
  }

  /** Adds the rows of another table behind these; its lines count from 1 after `lineBase` lines. */
  append(other: FactColumns, lineBase: number): void {
    this.reserve(other.rows);
    const { columns } = this;
    const shapeIds = other.shapes.map((shape) => this.shapeId(shape));
    for (let i = 0; i < other.rows; i += 1) {
      columns.line[columns.rows + i] = other.line[i]! + lineBase;
      columns.shape[columns.rows + i] = shapeIds[other.shape[i]!]!;
    }
    for (const name of copied) columns[name].set(other[name].subarray(0, other.rows), columns.rows);
    if (this.withSignatures)
      columns.signatures.set(other.signatures.subarray(0, other.rows * signatureSize), columns.rows * signatureSize);
    columns.rows += other.rows;
  }

  private shapeId(shape: string): number {
    const known = this.shapeIds.get(shape);
    if (known !== undefined) return known;
    this.columns.shapes.push(shape);
    this.shapeIds.set(shape, this.columns.shapes.length - 1);
    return this.columns.shapes.length - 1;
  }

  private reserve(more: number): void {
    const needed = this.columns.rows + more;
    if (needed <= this.capacity) return;
    this.capacity = Math.max(needed, Math.ceil(this.capacity * 1.5));
    const grown = numberColumns(this.capacity);
    for (const name of numberNames) grown[name].set(this.columns[name]);
    Object.assign(this.columns, grown);
    if (!this.withSignatures) return;
    const signatures = new Uint16Array(this.capacity * signatureSize);
    signatures.set(this.columns.signatures);
    this.columns.signatures = signatures;
  }
}

const copied = [
  'width',
  'hash',
  'promptHash',
  'answerHash',
  'promptChars',
  'answerChars',
  'rejectedChars',
  'looks',
  'language',
  'signed',
] as const;
const numberNames = [...copied, 'line', 'shape'] as const;

function numberColumns(capacity: number): Pick<FactColumns, (typeof numberNames)[number]> {
  return {
    line: new Uint32Array(capacity),
    width: new Uint32Array(capacity),
    hash: new Float64Array(capacity),
    promptHash: new Float64Array(capacity),
    answerHash: new Float64Array(capacity),
    promptChars: new Uint32Array(capacity),
    answerChars: new Uint32Array(capacity),
    rejectedChars: new Uint32Array(capacity),
    looks: new Uint8Array(capacity),
    language: new Uint8Array(capacity),
    shape: new Uint32Array(capacity),
    signed: new Uint8Array(capacity),
  };
}
