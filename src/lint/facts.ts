// What is kept of a row when its text is gone: enough for the rules that look at all rows of a file together.
import type { Looks } from '../data/formats/detect.ts';
import { plainText, type LintRow } from './row.ts';
import { hashText, signatureOf, signatureSize } from './hash.ts';

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
  readonly script: Script;
  /** Names and types of the fields: `input:text output:text`. */
  readonly shape: string;
  readonly signature: Uint16Array | undefined;
}

export const scripts = [
  'none',
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Thai',
  'Hangul',
  'Kana',
  'Han',
] as const;
export type Script = (typeof scripts)[number];

export function factsOf(row: LintRow, withSignature: boolean): RowFacts {
  const answer = row.answer?.text ?? '';
  const rejected = row.looks === 'preference' ? plainText(row.value[row.columns['rejected'] ?? 'rejected']) : '';
  const promptHash = hashText(row.prompt);
  const answerHash = hashText(answer);
  const whole = row.looks === 'unknown' ? row.text : `${promptHash} ${answerHash}`;
  return {
    looks: row.looks,
    hash: hashText(rejected === '' ? whole : `${whole} ${hashText(rejected)}`),
    promptHash,
    answerHash,
    promptChars: row.prompt.length,
    answerChars: answer.length,
    rejectedChars: rejected.length,
    script: scriptOf(answer),
    shape: shapeOf(row.value),
    signature: withSignature ? signatureOf(`${row.prompt}\n${answer}`) : undefined,
  };
}

/** First code unit and end of the blocks in which the letters of a script lie. */
const blocks: readonly (readonly [number, number, Script])[] = [
  [0x41, 0x250, 'Latin'],
  [0x370, 0x400, 'Greek'],
  [0x400, 0x530, 'Cyrillic'],
  [0x590, 0x600, 'Hebrew'],
  [0x600, 0x780, 'Arabic'],
  [0x900, 0x980, 'Devanagari'],
  [0xe00, 0xe80, 'Thai'],
  [0x3040, 0x3100, 'Kana'],
  [0x4e00, 0xa000, 'Han'],
  [0xac00, 0xd7b0, 'Hangul'],
];

/** Code unit → index of its script. */
const scriptOfUnit = new Uint8Array(0x10000);
for (const [start, end, script] of blocks) scriptOfUnit.fill(scripts.indexOf(script), start, end);

/** The script of most letters among the first characters; Japanese counts as Kana where it has a tenth of it. */
function scriptOf(text: string): Script {
  const counts = new Uint8Array(scripts.length);
  const looked = Math.min(text.length, 100);
  for (let i = 0; i < looked; i += 1) counts[scriptOfUnit[text.charCodeAt(i)]!]! += 1;
  let best = 0;
  for (let i = 1; i < counts.length; i += 1) if (counts[i]! > (best === 0 ? 0 : counts[best]!)) best = i;
  const isJapanese = scripts[best] === 'Han' && counts[scripts.indexOf('Kana')]! * 10 > counts[best]!;
  return isJapanese ? 'Kana' : scripts[best]!;
}

function shapeOf(value: Readonly<Record<string, unknown>>): string {
  return Object.keys(value)
    .map((name) => `${name}:${kindOf(value[name])}`)
    .sort()
    .join('\t');
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
  script: Uint8Array;
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
    columns.script[at] = scripts.indexOf(facts.script);
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
  'script',
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
    script: new Uint8Array(capacity),
    shape: new Uint32Array(capacity),
    signed: new Uint8Array(capacity),
  };
}
