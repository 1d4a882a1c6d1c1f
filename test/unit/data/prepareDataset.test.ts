import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packRows } from '../../../src/data/packing.ts';
import { prepareDataset, type DatasetModel, type DatasetRequest } from '../../../src/data/prepareDataset.ts';
import { loadTokenizer } from '../../../src/models/tokenizer.ts';
import { jsonl, problemsOf, temporaryFolder, writeData } from './support.ts';

// From a file to a packed sequence with a real tokenizer and a chat template.

const folder = temporaryFolder();
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../../fixtures/tokenizers', name), 'utf8'));
const tokenizer = loadTokenizer(fixture('smollm2.json'), fixture('config.json'));
const model: DatasetModel = {
  reference: 'tiny',
  tokenizer,
  chatTemplate:
    '{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}',
  hashes: { config: '', tokenizer: 'tiny', template: '', weights: '' },
};

const request = (changes: Partial<DatasetRequest> = {}): DatasetRequest => ({
  baseDirectory: folder,
  train: 'train.jsonl',
  format: 'auto',
  columns: {},
  cacheDirectory: path.join(folder, 'cache'),
  template: 'chat',
  trainOn: 'assistant',
  maxLength: 200,
  overflow: 'truncate',
  ...changes,
});

const chat = (...turns: string[]) => ({
  messages: turns.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
});

test('rows of a file come out as sequences whose targets are the answers', async () => {
  writeData(folder, 'train.jsonl', jsonl([chat('one', 'two', 'three', 'four'), chat('five', 'six')]));
  const data = await prepareDataset(request(), model);
  try {
    const rows = [data.train.row(0), data.train.row(1)];
    expect(tokenizer.decode(rows[0]!.tokens)).toContain('[user] one\n[assistant] two\n[user] three\n[assistant] four');
    const sequences = packRows(rows, { capacity: 512, packing: true });
    expect(sequences).toHaveLength(1);
    const learned = tokenizer.decode(sequences[0]!.lossTargets);
    expect(learned).toContain('two');
    expect(learned).toContain('four');
    expect(learned).toContain('six');
    expect(learned).not.toMatch(/one|three|five|user/);
    expect(data.train.totals.trainedTokens).toBe(sequences[0]!.lossTargets.length);
    expect(data.hashes.mask).toMatch(/^[\da-f]{64}$/);
  } finally {
    data.close();
  }
});

test('template, system, train_on and max_length are part of the key; hashes tell what differs', async () => {
  writeData(folder, 'train.jsonl', jsonl([chat('one', 'two', 'three', 'four')]));
  const made = async (changes: Partial<DatasetRequest>, other: Partial<DatasetModel> = {}) => {
    const data = await prepareDataset(request(changes), { ...model, ...other });
    data.close();
    return data;
  };
  const first = await made({});
  expect((await made({})).report.train.fromCache).toBe(true);
  const variants = [
    await made({ trainOn: 'last_assistant' }),
    await made({ system: 'be kind' }),
    await made({ maxLength: 199 }),
    await made({ template: 'alpaca' }),
    await made({}, { hashes: { ...model.hashes, tokenizer: 'other' } }),
    await made({}, { chatTemplate: model.chatTemplate!.replace('[assistant] ', '[ assistant] ') }),
  ];
  expect(variants.map((data) => data.report.train.fromCache)).toEqual(variants.map(() => false));
  expect(variants[0]!.hashes.template).toBe(first.hashes.template);
  expect(variants[0]!.hashes.mask).not.toBe(first.hashes.mask);
  expect(variants[3]!.hashes.template).not.toBe(first.hashes.template);
  expect(variants.every((data) => data.hashes.data === first.hashes.data)).toBe(true);
});

test('a row that the settings refuse is told by its place', async () => {
  writeData(folder, 'train.jsonl', jsonl([chat('a', 'b'), chat('long '.repeat(100), 'b')]));
  const [found] = await problemsOf(() => prepareDataset(request({ overflow: 'error', maxLength: 60 }), model));
  expect(found).toMatchObject({ code: 'data/row-too-long', place: { file: 'train.jsonl', line: 2, column: 1 } });
  const data = await prepareDataset(request({ maxLength: 60 }), model);
  data.close();
  expect(data.report.train).toMatchObject({
    truncatedRows: 1,
    untrainedRows: 1,
    findings: [{ code: 'data/nothing-trained', place: { line: 2 } }],
  });
});

test('pairs come out as both sides, cut one by one, also from the cache; a pair with an empty side is left out', async () => {
  const pair = (prompt: string, chosen: string, rejected: string) => ({ prompt, chosen, rejected });
  const long = 'long '.repeat(40);
  writeData(
    folder,
    'pairs.jsonl',
    jsonl([pair('one', 'two', 'three'), pair('four', long, 'five'), pair('six', '', 'x')]),
  );
  const wanted = request({ train: 'pairs.jsonl', rows: 'pair', maxLength: 40 });
  for (const fromCache of [false, true]) {
    const data = await prepareDataset(wanted, model);
    expect(data.report.train).toMatchObject({ fromCache, truncatedRows: 1 });
    const { tokens, mask, rejectedFrom } = data.train.row(0);
    const learned = (from: number, to?: number) =>
      tokenizer.decode([...tokens.subarray(from, to)].filter((_, i) => mask[from + i] === 1));
    expect(tokenizer.decode(tokens.subarray(0, rejectedFrom))).toContain('[user] one\n[assistant] two');
    expect([learned(0, rejectedFrom), learned(rejectedFrom!)].map((text) => text.split('<')[0]!.trim())).toEqual([
      'two',
      'three',
    ]);
    expect(data.train.row(1).rejectedFrom).toBe(40);
    data.close();
  }
});

test('rows of another kind than the objective compares are refused by name', async () => {
  writeData(folder, 'train.jsonl', jsonl([chat('one', 'two')]));
  writeData(folder, 'two.jsonl', jsonl([{ prompt: 'p', chosen: 'c', rejected: 'r' }]));
  const [pairs] = await problemsOf(() => prepareDataset(request({ rows: 'pair' }), model));
  expect(pairs).toMatchObject({ code: 'data/no-pairs', place: { file: 'train.jsonl' } });
  const [single] = await problemsOf(() => prepareDataset(request({ train: 'two.jsonl' }), model));
  expect(single).toMatchObject({ code: 'data/preference-rows', place: { file: 'two.jsonl' } });
  expect(single!.message).toContain('objective: dpo');
  const mapped = { format: 'prompt_completion', columns: { completion: 'chosen' } } as const;
  (await prepareDataset(request({ train: 'two.jsonl', ...mapped }), model)).close();
});

test('prompts end with the opening of an answer and keep their fields, also from the cache', async () => {
  const asked = { prompt: 'one', solution: ['two', 2] };
  const chats = chat('three', 'four', 'five', 'six');
  writeData(folder, 'asked.jsonl', jsonl([asked]));
  writeData(folder, 'chats.jsonl', jsonl([chats]));
  for (const fromCache of [false, true]) {
    const data = await prepareDataset(request({ train: 'asked.jsonl', rows: 'prompt' }), model);
    expect(data.report.train).toMatchObject({ fromCache, totals: { rows: 1, trainedTokens: 0 } });
    expect(data.report.findings).toEqual([]);
    expect(tokenizer.decode(data.train.row(0).tokens)).toBe('[user] one\n[assistant] ');
    expect(data.train.row(0).fields).toEqual(asked);
    data.close();
  }
  const data = await prepareDataset(request({ train: 'chats.jsonl', rows: 'prompt' }), model);
  const text = '[user] three\n[assistant] four\n[user] five\n[assistant] ';
  expect(tokenizer.decode(data.train.row(0).tokens)).toBe(text);
  data.close();
  const long = request({ train: 'chats.jsonl', rows: 'prompt', maxLength: 5 });
  expect(await problemsOf(() => prepareDataset(long, model))).toMatchObject([{ code: 'data/row-too-long' }]);
  const [dropped] = await problemsOf(() => prepareDataset({ ...long, overflow: 'drop' }, model));
  expect(dropped).toMatchObject({ code: 'data/nothing-trained' });
  const [single] = await problemsOf(() => prepareDataset(request({ train: 'asked.jsonl' }), model));
  expect(single).toMatchObject({ code: 'data/no-answers' });
  writeData(folder, 'texts.jsonl', jsonl([{ text: 'x' }]));
  const [texts] = await problemsOf(() => prepareDataset(request({ train: 'texts.jsonl', rows: 'prompt' }), model));
  expect(texts).toMatchObject({ code: 'data/no-prompts' });
});
