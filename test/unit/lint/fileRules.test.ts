// Rules about all rows of a file that need many rows: biases, labels, drifting fields, and what nobody nests so deep.
import { expect, test } from 'vitest';
import { lintText } from '../../../src/lint/document.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';

function codesOf(rows: readonly unknown[]): string[] {
  return lintText(rows.map((row) => JSON.stringify(row)).join('\n'), defaultSettings).map(({ code }) => code);
}

function pairs(chosenWords: (i: number) => number): unknown[] {
  const words = (i: number, count: number): string =>
    Array.from({ length: count }, (_, k) => `w${(i * 7919 + k * 104_729) % 9973}`).join(' ');
  return Array.from({ length: 150 }, (_, i) => ({
    prompt: `Question ${i}?`,
    chosen: words(i, chosenWords(i)),
    rejected: words(i + 5000, 10 + (i % 7)),
  }));
}

test('chosen answers that are nearly always longer are a bias, and as often longer as shorter are none', () => {
  expect(codesOf(pairs((i) => 20 + (i % 9)))).toContain('preference/length-bias');
  expect(codesOf(pairs((i) => 10 + ((i * 5) % 7)))).not.toContain('preference/length-bias');
});

test('a label that comes less than a twentieth as often as the commonest is told, once', () => {
  const rows = (rare: number) =>
    Array.from({ length: 200 }, (_, i) => ({
      instruction: `Ticket number ${i}`,
      output: i < rare ? 'rare' : 'common',
    }));
  expect(codesOf(rows(3)).filter((code) => code === 'quality/label-imbalance')).toHaveLength(1);
  expect(codesOf(rows(40))).not.toContain('quality/label-imbalance');
});

test('arguments nested more than 64 levels deep are told by the trainer’s own reader', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 80; i += 1) deep = { deep };
  const call = { type: 'function', function: { name: 'look', arguments: deep } };
  const messages = [
    { role: 'user', content: 'Look.' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', content: 'Done.' },
    { role: 'assistant', content: 'It is done.' },
  ];
  expect(codesOf([{ messages }])).toEqual(['data/too-deep']);
});

test('an answer in another language among many in one is told, an uncertain one is not', () => {
  const english = Array.from({ length: 150 }, (_, i) => ({
    instruction: `Tell me about place ${i}.`,
    output: `This is the place that they have visited ${i} times, and it is near the river from which you can see the hills.`,
  }));
  const german = {
    instruction: 'Where?',
    output: 'Das ist der Ort, den sie besucht haben, und er liegt nicht weit von dem Fluss.',
  };
  const short = { instruction: 'When?', output: 'Gestern.' };
  const found = lintText([...english, german, short].map((row) => JSON.stringify(row)).join('\n'), defaultSettings);
  expect(found.filter(({ code }) => code === 'quality/language-outlier').map(({ line }) => line)).toEqual([151]);
});

test('among Arabic answers a Persian one is told by its name, and an Arabic one that tells no language is not', () => {
  const answers = [
    ...Array.from({ length: 150 }, (_, i) => `هذه هي الإجابة رقم ${i} وهي موجودة في الكتاب الذي قرأته على الطاولة.`),
    'این پاسخ در کتابی که خوانده‌ام نیز هست و چیز دیگری نمی‌گوید.',
    'من هنا',
  ];
  const rows = answers.map((output, i) => JSON.stringify({ instruction: `س ${i}`, output }));
  const found = lintText(rows.join('\n'), defaultSettings).filter(({ code }) => code === 'quality/language-outlier');
  expect(found.map(({ line, message }) => [line, message])).toEqual([
    [151, 'The answer is in Persian, nearly all others are in Arabic.'],
  ]);
});
