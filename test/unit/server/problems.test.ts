// Every code: its page has an example that has the problem and one that has not, and its quick fix mends the first.
import { describe, expect, test } from 'vitest';
import type { ConfigFacts } from '../../../src/config/facts.ts';
import { explainedCodes } from '../../../src/config/rules/explanations.ts';
import { configProblems } from '../../../src/server/service/configProblems.ts';
import { readConfigText } from '../../../src/server/service/configText.ts';
import { fixAll } from '../../../src/server/service/fixAll.ts';
import { fixers, fixesOf } from '../../../src/server/service/fixes.ts';
import { applyEdits } from '../../../src/server/service/textChanges.ts';

const paths = ['data/train.jsonl', './models/tiny', 'rows.jsonl', 'adapters/first', 'adapters/dora'];
const adapter = { rank: 16, alpha: 32, targetModules: 'all-linear', useRslora: false, useDora: false } as const;
const facts: ConfigFacts = {
  fileExists: (path) => paths.includes(path),
  countMatches: (glob) => (glob.startsWith('data/') ? 1 : 0),
  listFolder: (folder) => (folder === 'data' ? ['train.jsonl'] : []),
  cannotWrite: (folder) => (folder.startsWith('data/') ? { path: 'data/train.jsonl', reason: 'file' } : undefined),
  model: { contextLength: 2048, linearModules: ['model.layers.0.self_attn.q_proj'], parameters: 135e6 },
  adapter,
  machine: { cores: 2, devices: [{ name: 'cpu', kind: 'cpu', usable: true }], torchMissing: 'There is none.' },
};

/** What is not written matters not: it is filled in. */
function whole(lines: string, code: string): string {
  if (code === 'config/missing-field') return `${lines}\n`;
  const field = (name: string, text: string) => (new RegExp(`^${name}:`, 'm').test(lines) ? '' : text);
  const head = `version: 1\n${field('model', 'model: org/name\n')}${field('data', 'data: {train: data/train.jsonl}\n')}`;
  return `${head}${lines}\n`;
}

/** Examples with several processes need a machine that has the torch engine. */
const gpu = { name: 'cuda', kind: 'gpu', usable: true, count: 1 } as const;
const withTorch: ConfigFacts = {
  ...facts,
  machine: { cores: 2, devices: [gpu, { name: 'cpu', kind: 'cpu', usable: true }] },
};
/** The tiny model is a language model, and so no reward model. */
const withoutJudge: ConfigFacts = { ...facts, rewardModel: { unusable: 'This model has no head for scores.' } };
const withDora: ConfigFacts = { ...facts, adapter: { ...adapter, useDora: true } };
function factsFor(text: string): ConfigFacts {
  if (/^distributed:/m.test(text)) return withTorch;
  if (text.includes('adapters/dora')) return withDora;
  return text.includes('reward: {model: ./models/tiny}') ? withoutJudge : facts;
}

function problemsIn(text: string) {
  return configProblems(readConfigText(text, 'x'), {}, () => factsFor(text));
}
const codesIn = (text: string): string[] => problemsIn(text).map(({ code }) => code);

test.each(explainedCodes.map((info) => [info.code, info] as const))('%s is explained', (_, { explanation }) => {
  expect(explanation.why.length).toBeGreaterThan(20);
  expect(explanation.wrong === undefined).toBe(explanation.right === undefined);
});

const shown = explainedCodes.filter(({ explanation }) => explanation.wrong !== undefined);
describe.each(shown.map((info) => [info.code, info] as const))('%s', (code, { explanation }) => {
  const { wrong = '', right = '', fix } = explanation;

  test('is found in the example that has it, and in the other nothing is found', () => {
    expect(codesIn(whole(wrong, code))).toContain(code);
    // These facts have no torch, which some right examples need.
    const left = codesIn(whole(right, code)).filter((found) => found === code || found !== 'config/torch-missing');
    expect(left).toEqual([]);
  });

  test.runIf(fix !== undefined)('has a quick fix that mends it', () => {
    const text = readConfigText(whole(wrong, code), 'x');
    const problem = problemsIn(text.text).find((found) => found.code === code)!;
    const fixes = fixesOf(problem, text, factsFor(text.text));
    expect(fixes.length).toBeGreaterThan(0);
    for (const { title, edits } of fixes) {
      const mended = applyEdits(text.text, edits);
      expect(
        codesIn(mended).filter((left) => left === code),
        `${title}:\n${mended}`,
      ).toEqual([]);
      expect(codesIn(mended), `${title}:\n${mended}`).not.toContain('config/yaml-syntax');
    }
  });
});

test('the pages tell of exactly the fixes that there are', () => {
  const told = explainedCodes.filter(({ explanation }) => explanation.fix !== undefined).map(({ code }) => code);
  expect(Object.keys(fixers).toSorted()).toEqual(told.toSorted());
});

test('codes without an example are those that no text of a config can have', () => {
  const silent = explainedCodes.filter(({ explanation }) => explanation.wrong === undefined).map(({ code }) => code);
  expect(silent).toEqual([
    'config/not-text',
    'config/empty-file',
    'config/not-a-mapping',
    'config/too-large',
    'config/override-syntax',
    'config/override-path',
  ]);
  expect(codesIn('a\0b')).toEqual(['config/not-text']);
  expect(codesIn('# nothing\n')).toEqual(['config/empty-file']);
  expect(codesIn('- a\n')).toEqual(['config/not-a-mapping']);
  expect(codesIn('x'.repeat(2 ** 20 + 1))).toEqual(['config/too-large']);
});

/** The text after the first fix with this title. */
function fixed(text: string, title: string): string {
  const read = readConfigText(text, 'x');
  const found = problemsIn(text).flatMap((problem) => fixesOf(problem, read, facts));
  const fix = found.find((item) => item.title === title);
  expect(found.map((item) => item.title)).toContain(title);
  return applyEdits(text, fix!.edits);
}

describe('fixes leave everything else as it is', () => {
  test("another tool's name is changed in place, comments stay", () => {
    const text = 'version: 1\nmodel: a/b # mine\ndata:\n  train: rows.jsonl\n  cutoff_len: 512 # short\n';
    expect(fixed(text, 'Change to max_length')).toBe(text.replace('cutoff_len', 'max_length'));
  });

  test('a field moves into its block, which is made where it is not there', () => {
    const text = 'version: 1\nmodel: a/b\nlora_r: 8 # small\ndata:\n  train: rows.jsonl\n';
    const moved = 'version: 1\nmodel: a/b\ndata:\n  train: rows.jsonl\nlora:\n  rank: 8\n';
    expect(fixed(text, 'Move to lora.rank')).toBe(moved);
  });

  test('true and false become our words', () => {
    const text = 'version: 1\nmodel: a/b\ndata:\n  train: rows.jsonl\n  train_on_inputs: false\n';
    expect(fixed(text, 'Change to train_on')).toBe(text.replace('train_on_inputs: false', 'train_on: assistant'));
  });

  test('the last field of a block takes the block along', () => {
    const text =
      'version: 1\nmodel: a/b\ndata:\n  train: rows.jsonl\n# answers\nevaluation:\n  max_new_tokens: 4\nseed: 1\n';
    const left = 'version: 1\nmodel: a/b\ndata:\n  train: rows.jsonl\n# answers\nseed: 1\n';
    expect(fixed(text, 'Remove evaluation.max_new_tokens')).toBe(left);
  });

  test('a field that is written twice between braces goes with its comma', () => {
    const twice = (lora: string) => `version: 1\nmodel: a/b\ndata:\n  train: rows.jsonl\nlora: ${lora}\n`;
    const mended = (lora: string) => fixed(twice(lora), 'Remove this one');
    expect(mended('{rank: 8, rank: 16}')).toBe(twice('{rank: 8}'));
    expect(mended('{rank: 8, rank: 16, alpha: 16}')).toBe(twice('{rank: 8, alpha: 16}'));
    expect(mended('{ rank: 8, # small\n  rank: 16 }')).toBe(twice('{ rank: 8 # small\n   }'));
    const json =
      '{\n  "version": 1,\n  "model": "a/b",\n  "seed": 1,\n  "data": {"train": "rows.jsonl"},\n  "seed": 2\n}\n';
    expect(fixed(json, 'Remove this one')).toBe(json.replace(',\n  "seed": 2', ''));
  });

  test('a new folder for the result is one that is free', () => {
    const text =
      'version: 1\nname: tiny\nmodel: ./models/tiny\ndata:\n  train: data/train.jsonl\noutput: models/tiny\n';
    expect(fixed(text, 'Change to outputs/tiny')).toBe(text.replace('output: models/tiny', 'output: outputs/tiny'));
    expect(fixed(text, 'Remove output')).toBe(text.replace('output: models/tiny\n', ''));
  });

  test('JSON stays JSON', () => {
    const text =
      '{\n  "version": 1,\n  "model": "a/b",\n  "data": {\n    "train": "rows.jsonl",\n    "cutoff_len": 512\n  }\n}\n';
    expect(fixed(text, 'Change to max_length')).toBe(text.replace('cutoff_len', 'max_length'));
    const other = text.replace('"cutoff_len": 512', '"format": "massages"');
    expect(fixed(other, 'Change to messages')).toBe(other.replace('massages', 'messages'));
    expect(() => JSON.parse(fixed(text, 'Remove data.cutoff_len')) as unknown).not.toThrow();
  });
});

describe('what somebody wrote is kept', () => {
  const head = 'version: 1\nmodel: a/b\n';
  const after = (lines: string): string => {
    const read = readConfigText(head + lines, 'x');
    return applyEdits(
      read.text,
      fixAll(read, {}, () => facts),
    ).slice(head.length);
  };

  test.each([
    ['data:\n  dataset: rows.jsonl # mine\n', 'data:\n  train: rows.jsonl # mine\n'],
    ['data:\n  path: rows.jsonl\n', 'data:\n  train: rows.jsonl\n'],
    ['data:\n  training: rows.jsonl\n', 'data:\n  train: rows.jsonl\n'],
    ['dataset: rows.jsonl\n', 'data:\n  train: rows.jsonl\n'],
    ['data: rows.jsonl\n', 'data:\n  train: rows.jsonl\n'],
    ['data:\n  train:\n    - rows.jsonl\n', 'data:\n  train:\n    - path: rows.jsonl\n'],
    ['data:\n  train:\n    - file: rows.jsonl\n', 'data:\n  train:\n    - path: rows.jsonl\n'],
    [
      'datasets:\n  - path: rows.jsonl\n    type: alpaca\n',
      'data:\n  train:\n    - path: rows.jsonl\n      format: instruction\n',
    ],
    ['data: {train: rows.jsonl}\ntrainer:\n  epochs: 2\n', 'data: {train: rows.jsonl}\ntraining:\n  epochs: 2\n'],
    ['data: {train: rows.jsonl}\nevaluation:\n  steps: 9\n', 'data: {train: rows.jsonl}\nevaluation:\n  every: 9\n'],
  ])('%j becomes %j', (wrong, right) => {
    expect(after(wrong)).toBe(right);
    expect(codesIn(head + right)).toEqual([]);
  });

  test.each([
    // Two values for one field: which one is meant is not known.
    'data:\n  dataset: rows.jsonl\n  train: data/train.jsonl\n',
    // No value of the field that it sounds like.
    'data:\n  train: rows.jsonl\n  train_onn: nonsense\n',
    // An example is nobody's wish.
    'data: {}\n'.replace('{}', '{format: text}'),
  ])('%j waits for the person', (text) => {
    const left = after(text);
    expect(left).toBe(text.includes('format: text') ? 'data: {format: text, train: data/train.jsonl}\n' : text);
  });

  test('a missing file is offered among those that are there', () => {
    const text = 'version: 1\nmodel: a/b\ndata:\n  train: nothing-like-it.jsonl\n';
    expect(fixed(text, 'Change to data/train.jsonl')).toBe(text.replace('nothing-like-it.jsonl', 'data/train.jsonl'));
    const empty = 'version: 1\nmodel: a/b\ndata:\n';
    expect(fixed(empty, 'Add data.train: data/train.jsonl')).toBe(`${empty}  train: data/train.jsonl\n`);
  });

  test('a bracket, a colon and a space are put where they are missing', () => {
    const open = 'version: 1\nmodel: a/b\ndata: {train: rows.jsonl # mine\nseed: 1\n';
    expect(fixed(open, 'Put } at the end of line 3')).toBe(open.replace('rows.jsonl', 'rows.jsonl}'));
    const colon = 'version: 1\nmodel: a/b\ndata: {train: rows.jsonl}\nseed 1\n';
    expect(fixed(colon, 'Add a colon')).toBe(colon.replace('seed 1', 'seed: 1'));
  });

  test('a share in percent and a layer without its end are understood', () => {
    const text = 'version: 1\nmodel: a/b\ndata: {train: rows.jsonl, validation: 20}\nlora: {target_modules: [q]}\n';
    expect(fixed(text, 'Change to 0.2')).toBe(text.replace('20', '0.2'));
    expect(fixed(text, 'Change to q_proj')).toBe(text.replace('[q]', '[q_proj]'));
  });
});

test('fix all makes the preferred fixes one after another, and no other', () => {
  const text =
    'version: 1\nmodel: a/b\nmethod: full\ndata:\n  train: data/trian.jsonl\n  cutoff_len: 512\n  packing: yes\nlora:\n  rank: 4\ntraining:\n  learning_rate: 0.5\n';
  const edits = fixAll(readConfigText(text, 'x'), {}, () => facts);
  const mended =
    'version: 1\nmodel: a/b\nmethod: full\ndata:\n  train: data/train.jsonl\n  max_length: 512\n  packing: true\ntraining:\n  learning_rate: 0.5\n';
  expect(applyEdits(text, edits)).toBe(mended);
  expect(codesIn(mended)).toEqual(['config/learning-rate-unusual']);
  expect(fixAll(readConfigText(mended, 'x'), {}, () => facts)).toEqual([]);
});
