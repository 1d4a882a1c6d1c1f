// Rows with known defects that only a tokenizer and a template show, and how they are judged: what is found of them, and of clean rows.
import type { EncodeOptions } from '../../src/data/template/encodeRecord.ts';
import { lintTraining } from '../../src/lint/training.ts';
import { defaultSettings } from '../../src/lint/settings.ts';
import { cleanRow, sentence } from './lintSeeds.ts';
import type { LintMeasure, RuleMeasure } from './lintMeasure.ts';

type Random = () => number;
type Turn = Readonly<Record<string, unknown>>;

interface TrainingDefect {
  readonly code: string;
  readonly turns: (random: Random, endOfTurn: string, beginning: string) => readonly Turn[];
}

const user = (content: string): Turn => ({ role: 'user', content });
const assistant = (content: string): Turn => ({ role: 'assistant', content });
const long = (random: Random): string => Array.from({ length: 60 }, () => sentence(random)).join(' ');

const trainingDefects: readonly TrainingDefect[] = [
  {
    code: 'data/nothing-trained',
    turns: (random) => [user(sentence(random)), { ...assistant(sentence(random)), weight: 0 }],
  },
  { code: 'data/nothing-trained', turns: (random) => [user(long(random)), assistant(sentence(random))] },
  { code: 'training/answer-cut', turns: (random) => [user(sentence(random)), assistant(long(random))] },
  {
    code: 'training/row-too-long',
    turns: (random) => [
      user(sentence(random)),
      assistant(sentence(random)),
      user(sentence(random)),
      { ...assistant(long(random)), train: false },
    ],
  },
  {
    code: 'chat/special-token-in-text',
    turns: (random, endOfTurn) => [user(`${sentence(random)} ${endOfTurn}`), assistant(sentence(random))],
  },
  {
    code: 'training/doubled-bos',
    turns: (random, _, beginning) => [user(`${beginning} ${sentence(random)}`), assistant(sentence(random))],
  },
];

/** `maxLength` of `options` must hold a clean row, and no row of sixty sentences. */
export function measureTraining(clean: number, each: number, random: Random, options: EncodeOptions): LintMeasure {
  const { tokenizer } = options;
  const word = (id: number | undefined): string | undefined => (id === undefined ? undefined : tokenizer.idToToken(id));
  const [beginning, endOfTurn] = [word(tokenizer.bosTokenId), word(tokenizer.eosTokenId)];
  const rules = new Map<string, RuleMeasure>();
  const of = (code: string): RuleMeasure => {
    const known = rules.get(code) ?? { seeded: 0, found: 0, right: 0, wrong: 0 };
    rules.set(code, known);
    return known;
  };
  const codesOf = (text: string): string[] => {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const origin = { line: 1, column: 1 };
    return lintTraining(text, value, origin, 'messages', options, defaultSettings).findings.map(({ code }) => code);
  };
  const plain = { messages: [user('Hi.'), assistant('Hello.')] };
  const { encoded } = lintTraining(
    JSON.stringify(plain),
    plain,
    { line: 1, column: 1 },
    'messages',
    options,
    defaultSettings,
  );
  const beginsWithBos = encoded !== undefined && encoded.tokens[0] === tokenizer.bosTokenId;
  const missed: string[] = [];
  for (const { code, turns } of trainingDefects) {
    // Where rows begin with no token of their own, none can be doubled.
    if (code === 'training/doubled-bos' && !beginsWithBos) continue;
    for (let i = 0; i < each; i += 1) {
      const row = JSON.stringify({ messages: turns(random, endOfTurn ?? '', beginning ?? '') });
      const isFound = codesOf(row).includes(code);
      if (!isFound) missed.push(`${code}: ${row}`);
      of(code).seeded += 1;
      of(code).found += isFound ? 1 : 0;
      of(code).right += isFound ? 1 : 0;
    }
  }
  const falseFindings: string[] = [];
  let reported = 0;
  for (let i = 0; i < clean; i += 1) {
    const row = cleanRow('messages', random);
    const codes = new Set(codesOf(row));
    reported += codes.size > 0 ? 1 : 0;
    for (const code of codes) {
      of(code).wrong += 1;
      falseFindings.push(`${code}: ${row}`);
    }
  }
  return { rules, cleanRows: clean, cleanRowsReported: reported, falseFindings, missed };
}
