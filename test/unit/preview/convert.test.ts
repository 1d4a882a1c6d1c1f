// Conversions: exact results, what is lost is said, and there and back again is the same row wherever nothing is lost.
import { describe, expect, test } from 'vitest';
import { convertText, rowsOfText } from '../../../src/preview/convert/convertFile.ts';
import { RowConverter, type ConversionOptions } from '../../../src/preview/convert/convertRows.ts';
import { plainReading } from '../../../src/preview/readRow.ts';
import type { ConversionTarget } from '../../../src/protocol/previewViews.ts';
import { uniform } from '../../support/random.ts';

function converted(row: unknown, to: ConversionTarget, options: Partial<ConversionOptions> = {}) {
  const converter = new RowConverter({ to, reading: plainReading, splitTurns: false, roles: {}, ...options });
  const rows = rowsOfText(JSON.stringify(row)).flatMap((each) => converter.convert(each));
  const { losses, firstUnfit } = converter.report;
  return {
    rows: rows.map((text) => JSON.parse(text) as unknown),
    losses: losses.map(({ what }) => what),
    unfit: firstUnfit.map(({ why }) => why),
  };
}

const chat = (...turns: [string, string][]) => ({ messages: turns.map(([role, content]) => ({ role, content })) });

describe('one row', () => {
  test('alpaca to messages joins the input and says so', () => {
    const row = { instruction: 'Translate.', input: 'Hallo', output: 'Hello', id: 7 };
    expect(converted(row, 'messages')).toEqual({
      rows: [{ ...chat(['user', 'Translate.\n\nHallo'], ['assistant', 'Hello']), id: 7 }],
      losses: ['the input was joined to the instruction by a blank line'],
      unfit: [],
    });
  });

  test('a chat of several answers is no instruction row; split, its first answer is one', () => {
    const row = chat(['user', 'a'], ['assistant', 'b'], ['user', 'c'], ['assistant', 'd']);
    expect(converted(row, 'instruction').unfit).toEqual([
      'it has 2 questions and 2 answers, and an instruction row has one of each',
    ]);
    expect(converted(row, 'prompt_completion').losses).toEqual([
      'earlier answers are context only and no longer trained; split the turns to keep them',
    ]);
    const split = converted(row, 'prompt_completion', { splitTurns: true });
    expect(split.losses).toEqual([]);
    expect(split.rows).toEqual([
      { prompt: 'a', completion: 'b' },
      {
        prompt: chat(['user', 'a'], ['assistant', 'b'], ['user', 'c']).messages,
        completion: [{ role: 'assistant', content: 'd' }],
      },
    ]);
  });

  test('calls become function_call turns and back, ids and thinking are told as lost', () => {
    const call = { type: 'function', id: 'c1', function: { name: 'f', arguments: { x: 1 } } };
    const row = {
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: '', tool_calls: [call], reasoning_content: 'hm' },
        { role: 'tool', content: '2', tool_call_id: 'c1' },
        { role: 'assistant', content: 'done' },
      ],
    };
    const { rows, losses } = converted(row, 'conversations');
    expect(rows).toEqual([
      {
        conversations: [
          { from: 'human', value: 'go' },
          { from: 'function_call', value: '{"name":"f","arguments":{"x":1}}' },
          { from: 'observation', value: '2' },
          { from: 'gpt', value: 'done' },
        ],
      },
    ]);
    expect(losses.toSorted()).toEqual([
      'ids of tool calls have no place in conversations',
      'reasoning_content has no place in conversations',
    ]);
  });

  test('roles are renamed before a row is read', () => {
    const row = chat(['customer', 'a'], ['agent', 'b']);
    expect(converted(row, 'messages').unfit).toHaveLength(1);
    const roles = { customer: 'user', agent: 'assistant' };
    expect(converted(row, 'messages', { roles }).rows).toEqual([chat(['user', 'a'], ['assistant', 'b'])]);
  });

  test('what reading changes is told: parts, old roles, unknown fields of turns', () => {
    const row = {
      messages: [
        { role: 'developer', content: 'be kind' },
        { role: 'user', content: [{ type: 'text', text: 'a' }], mood: 'fine' },
        { role: 'assistant', content: 'b' },
      ],
    };
    expect(converted(row, 'messages').losses.toSorted()).toEqual([
      'fields of turns were left out: mood',
      'lists of text parts were joined to one text',
      'the role "developer" became "system"',
    ]);
  });

  test('broken rows, pairs and running text are unfit, with the reason', () => {
    expect(converted({ chosen: 'a', rejected: 'b', prompt: 'c' }, 'messages').unfit).toEqual([
      'it is a preference pair, which has two answers',
    ]);
    expect(converted({ text: 'a' }, 'messages').unfit).toEqual(['running text has no question and answer']);
    const converter = new RowConverter({ to: 'messages', reading: plainReading, splitTurns: false, roles: {} });
    for (const row of rowsOfText('{"a":')) converter.convert(row);
    expect(converter.report.firstUnfit[0]).toMatchObject({ line: 1 });
  });
});

test('a document keeps its line ends, and jsonl keeps the fields', () => {
  const options = { to: 'jsonl', reading: plainReading, splitTurns: false, roles: {} } as const;
  expect(convertText('{"b": 1}\r\n\r\n{"a":2}', options).text).toBe('{"b":1}\r\n{"a":2}\r\n');
});

describe('there and back again', () => {
  const random = uniform('round trips');
  const words = ['Hello', 'schön', '你好', '"quoted"', 'two\nlines', '{"json": 1}', '<b>', '\u0000', '🙂'];
  const text = (): string =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => words[Math.floor(random() * words.length)]).join(' ');
  const maybe = <T extends object>(fields: T): Partial<T> => (random() < 0.4 ? fields : {});
  const chatRow = (turns: number) => ({
    messages: [
      ...(random() < 0.4 ? [{ role: 'system', content: text() }] : []),
      ...Array.from({ length: turns }, () => [
        { role: 'user', content: text() },
        { role: 'assistant', content: text(), ...maybe({ train: false }) },
      ]).flat(),
    ],
    ...maybe({ id: Math.floor(random() * 1000), source: { from: 'web' } }),
  });
  const makers: Record<string, [ConversionTarget, () => unknown]> = {
    messages: ['messages', () => chatRow(1 + Math.floor(random() * 3))],
    instruction: [
      'instruction',
      () => ({ ...maybe({ system: text() }), instruction: text(), output: text(), ...maybe({ lang: 'de' }) }),
    ],
    completion: ['prompt_completion', () => ({ ...maybe({ system: text() }), prompt: text(), completion: text() })],
    conversations: [
      'conversations',
      () => ({
        conversations: [
          { from: 'human', value: text() },
          { from: 'gpt', value: text() },
        ],
      }),
    ],
  };

  test.each(Object.entries(makers))('%s through every other format', (_name, [own, make]) => {
    let kept = 0;
    for (let i = 0; i < 50; i += 1) {
      const row = make();
      for (const through of ['messages', 'conversations', 'instruction', 'prompt_completion'] as const) {
        const there = converted(row, through);
        if (there.unfit.length > 0 || there.losses.length > 0) continue;
        const back = converted(there.rows[0], own);
        expect(back.unfit).toEqual([]);
        if (back.losses.length > 0) continue;
        expect(back.rows, through).toEqual([row]);
        kept += 1;
      }
    }
    expect(kept).toBeGreaterThan(50);
  });
});
