import { describe, expect, test } from 'vitest';
import { describeFormat, FormatVote, looksLike } from '../../../src/data/formats/detect.ts';
import type { Columns } from '../../../src/data/formats/format.ts';
import { problemsOf } from './support.ts';

function voteOn(values: Record<string, unknown>[], columns: Columns = {}) {
  const vote = new FormatVote(columns);
  for (const [i, value] of values.entries()) {
    const line = i + 1;
    vote.add({
      ok: true,
      row: {
        sampleId: `d.jsonl:${line}`,
        file: 'd.jsonl',
        value,
        line,
        idColumn: 0,
        byteOffset: 0,
        source: { text: JSON.stringify(value), line, column: 1 },
      },
    });
  }
  return vote.result('d.jsonl');
}

describe('looksLike', () => {
  test.each([
    [{ messages: [{ role: 'user' }], prompt: 'p' }, 'messages'],
    [{ conversations: [{ from: 'human' }] }, 'conversations'],
    [{ conversations: [{ role: 'user' }] }, 'unknown'],
    [{ prompt: 'p', completion: 'c' }, 'prompt_completion'],
    [{ question: 'q', steps: ['s'], answer: 'a' }, 'reasoning'],
    [{ instruction: 'i', input: '', output: 'o', text: 'all of it again' }, 'instruction'],
    [{ text: 't' }, 'text'],
    [{ prompt: 'p', chosen: 'a', rejected: 'b' }, 'preference'],
    [{ instruction: 'i', output: null }, 'unknown'],
    [{}, 'unknown'],
  ])('%j is %s', (value, expected) => {
    expect(looksLike(value, {})).toBe(expected);
  });

  test('columns count', () => {
    expect(looksLike({ q: 'x', a: 'y' }, { instruction: 'q', output: 'a' })).toBe('instruction');
  });
});

test('most rows decide, not the first; the others are named', () => {
  const rows = [
    { text: 'a' },
    ...Array.from({ length: 1200 }, () => ({ instruction: 'i', output: 'o' })),
    { messages: [] },
  ];
  const report = voteOn(rows);
  expect(report.format).toBe('instruction');
  expect(describeFormat(report)).toBe(
    'format: instruction, 1,200 of 1,202 rows; 1 row looks like text (d.jsonl:1); 1 row looks like messages (d.jsonl:1202)',
  );
});

test('an unknown format names the fields of the first row and a mapping that would fit', async () => {
  const [found] = await problemsOf(() => voteOn([{ question: 'q', answer: 'a', id: 1 }]));
  expect(found).toMatchObject({ code: 'data/unknown-format', place: { file: 'd.jsonl', line: 1, column: 1 } });
  expect(found?.message).toContain(
    'has "question", "answer", "id". Perhaps: data.format: instruction, data.columns: {instruction: question, output: answer}.',
  );
  expect(found?.details).toContain('messages: messages');
  const [chats] = await problemsOf(() => voteOn([{ conversations: [{ role: 'user', content: 'x' }] }]));
  expect(chats?.message).toContain('data.format: messages, data.columns: {messages: conversations}');
  const [nothing] = await problemsOf(() => voteOn([{ a: 1, b: 2 }]));
  expect(nothing?.message).toContain('Map its fields by data.columns');
});

test('pairs are a format of their own', () => {
  expect(
    voteOn([{ prompt: 'p', chosen: 'c', rejected: 'r' }, { chosen: 'c', rejected: 'r' }, { text: 't' }]),
  ).toMatchObject({
    format: 'preference',
    matching: 2,
  });
});
