import { describe, expect, test } from 'vitest';
import { formatPlace } from '../../../src/protocol/problem.ts';
import { convertRow, convertValue } from '../../../src/data/formats/convert.ts';
import type { Columns, Format } from '../../../src/data/formats/format.ts';
import { parseRow } from '../../../src/data/read/parseRow.ts';
import type { SourceRow } from '../../../src/data/read/row.ts';

function row(text: string): SourceRow {
  const bytes = Buffer.from(text);
  const piece = { bytes, byteLength: bytes.length, byteOffset: 0, line: 7, column: 1, last: false };
  const read = parseRow(piece, 'd.jsonl', 'lines', 0, 1e6);
  if (!read.ok) throw new Error(read.problem.message);
  return read.row;
}

function record(format: Format, value: Record<string, unknown>, columns: Columns = {}) {
  const converted = convertValue(value, 'd:1', format, columns);
  expect(converted.issues.filter((issue) => issue.severity === 'error')).toEqual([]);
  return converted.record;
}

/** `place code message` of each problem; the row stands on line 7. */
function told(format: Format, text: string, columns: Columns = {}): string[] {
  const { record: made, problems } = convertRow(row(text), format, columns);
  expect(made === undefined).toBe(problems.some((found) => found.severity === 'error'));
  return problems.map(({ code, place, message }) => `${formatPlace(place!)} ${code} ${message}`);
}

describe('instruction', () => {
  test('all fields; null and absent ones are left out', () => {
    expect(record('instruction', { system: 's', instruction: 'i', input: 'x', output: 'o', extra: 1 })).toEqual({
      kind: 'instruction',
      sampleId: 'd:1',
      system: 's',
      instruction: 'i',
      input: 'x',
      output: 'o',
    });
    expect(record('instruction', { system: null, instruction: 'i', input: null, output: 'o' })).toEqual({
      kind: 'instruction',
      sampleId: 'd:1',
      instruction: 'i',
      input: '',
      output: 'o',
    });
  });

  test('columns give our names', () => {
    expect(
      record('instruction', { question: 'q', answer: 'a', output: 7 }, { instruction: 'question', output: 'answer' }),
    ).toMatchObject({ instruction: 'q', output: 'a' });
  });

  test('wrong types point at the value', () => {
    expect(told('instruction', '{"instruction": "i", "output": 42, "input": ["x"]}')).toEqual([
      'd.jsonl:7:45 data/wrong-type "input" should be a text, found a list.',
      'd.jsonl:7:32 data/wrong-type "output" should be a text, found a number.',
    ]);
  });

  test('a missing field points at the row and suggests the nearest name', () => {
    expect(told('instruction', '{"instruction": "i", "outptu": "o"}')).toEqual([
      'd.jsonl:7:1 data/missing-field The field "output" is missing. The row has "instruction", "outptu". Did you mean "outptu"? Then set data.columns: {output: outptu}.',
    ]);
    expect(told('instruction', '{"instruction": "i", "output": null}')).toEqual([
      'd.jsonl:7:32 data/missing-field The field "output" is null.',
    ]);
    expect(told('instruction', '{"instruction": "i", "response": "o"}')[0]).toContain('Did you mean "response"?');
    expect(told('instruction', '{"q": "i", "output": "o"}', { instruction: 'question' })[0]).toContain(
      'The field "question" (columns.instruction names it) is missing.',
    );
    expect(told('instruction', '{}')[0]).toContain('The row has no fields.');
  });

  test('an empty output is a warning', () => {
    expect(told('instruction', '{"instruction": "i", "output": " "}')).toEqual([
      expect.stringMatching(/^d.jsonl:7:32 data\/empty-output/),
    ]);
  });

  test('names of Object.prototype are no fields', () => {
    expect(told('instruction', '{"instruction": "i"}', { output: 'toString' })[0]).toContain('The field "toString"');
  });
});

describe('messages', () => {
  test('turns, content parts, names, thinking, tools', () => {
    const made = record('messages', {
      messages: [
        { role: 'developer', content: 'be kind' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"x": [1]}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', name: 'f', content: '1' },
        { role: 'assistant', content: 'done', reasoning_content: 'hm', weight: 0 },
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    expect(made).toEqual({
      kind: 'chat',
      sampleId: 'd:1',
      messages: [
        { role: 'system', content: 'be kind' },
        { role: 'user', content: 'ab' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ type: 'function', id: 'c1', function: { name: 'f', arguments: { x: [1] } } }],
        },
        { role: 'tool', content: '1', tool_call_id: 'c1', name: 'f' },
        { role: 'assistant', content: 'done', reasoning_content: 'hm', train: false },
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
  });

  test('the older function_call, tools as text', () => {
    const made = record('messages', {
      messages: [{ role: 'assistant', content: null, function_call: { name: 'f', arguments: { a: 1 } } }],
      tools: '[{"name": "f"}]',
    });
    expect(made).toMatchObject({
      messages: [{ tool_calls: [{ type: 'function', function: { name: 'f', arguments: { a: 1 } } }] }],
      tools: [{ name: 'f' }],
    });
  });

  test.each([
    ['{"messages": "hi"}', 'd.jsonl:7:14 data/wrong-type "messages" should be a list, found a text.'],
    ['{"messages": []}', 'd.jsonl:7:14 data/empty-list'],
    ['{"messages": [7]}', 'd.jsonl:7:15 data/wrong-type "messages[0]" should be an object, found a number.'],
    ['{"messages": [{"content": "x"}]}', 'd.jsonl:7:15 data/missing-field "messages[0]" has no "role".'],
    ['{"messages": [{"from": "human", "value": "x"}]}', 'format: conversations'],
    [
      '{"messages": [{"role": "asistant", "content": "x"}]}',
      'd.jsonl:7:24 data/unknown-role There is no role "asistant". Did you mean "assistant"?',
    ],
    ['{"messages": [{"role": "user"}]}', 'd.jsonl:7:15 data/missing-field "messages[0]" has no "content".'],
    ['{"messages": [{"role": "user", "content": null}]}', 'd.jsonl:7:43 data/missing-field'],
    [
      '{"messages": [{"role": "user", "content": {"a": 1}}]}',
      'd.jsonl:7:43 data/wrong-type "messages[0].content" should be a text or a list of parts',
    ],
    ['{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', 'd.jsonl:7:53 data/unsupported-content'],
    [
      '{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]}',
      'd.jsonl:7:92 data/invalid-inner-json "messages[0].tool_calls[0].function.arguments" is a text that should hold JSON',
    ],
    [
      '{"messages": [{"role": "assistant", "content": "x", "weight": 0.5}]}',
      'd.jsonl:7:63 data/wrong-type "messages[0].weight" should be 0 or 1',
    ],
    [
      '{"messages": [{"role": "user", "content": "x"}], "tools": {}}',
      'd.jsonl:7:59 data/wrong-type "tools" should be a list of tool schemas',
    ],
  ])('%s', (text, expected) => {
    expect(told('messages', text).join('\n')).toContain(expected);
  });

  test('a schema nested without end is refused, not walked', () => {
    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    expect(told('messages', `{"messages": [{"role": "user", "content": "x"}], "tools": [${deep}]}`)[0]).toContain(
      'data/too-deep',
    );
  });
});

describe('conversations', () => {
  test('ShareGPT turns with system, calls and observations', () => {
    const made = record('conversations', {
      system: 's',
      conversations: [
        { from: 'human', value: 'q' },
        { from: 'function_call', value: '{"name": "f", "arguments": {"x": 1}}' },
        { from: 'observation', value: '2' },
        { from: 'gpt', value: 'a' },
      ],
      tools: '[]',
    });
    expect(made).toEqual({
      kind: 'chat',
      sampleId: 'd:1',
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: 'q' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ type: 'function', function: { name: 'f', arguments: { x: 1 } } }],
        },
        { role: 'tool', content: '2' },
        { role: 'assistant', content: 'a' },
      ],
    });
  });

  test.each([
    [
      '{"conversations": [{"from": "humn", "value": "x"}]}',
      'd.jsonl:7:29 data/unknown-role There is no speaker "humn". Did you mean "human"?',
    ],
    ['{"conversations": [{"from": "gpt"}]}', 'd.jsonl:7:20 data/missing-field "conversations[0]" has no "value".'],
    ['{"conversations": [{"role": "user", "content": "x"}]}', 'columns: {messages: conversations}'],
    ['{"conversations": [{"from": "function_call", "value": "f(x)"}]}', 'd.jsonl:7:55 data/invalid-inner-json'],
  ])('%s', (text, expected) => {
    expect(told('conversations', text).join('\n')).toContain(expected);
  });
});

describe('prompt_completion', () => {
  test('texts, and message lists of which only the completion is trained', () => {
    expect(record('prompt_completion', { prompt: 'p', completion: 'c' })).toEqual({
      kind: 'completion',
      sampleId: 'd:1',
      prompt: 'p',
      completion: 'c',
    });
    const made = record('prompt_completion', {
      prompt: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
      ],
      completion: [{ role: 'assistant', content: 'd' }],
    });
    expect(made).toMatchObject({
      kind: 'chat',
      messages: [
        { role: 'user' },
        { role: 'assistant', train: false },
        { role: 'user' },
        { role: 'assistant', content: 'd' },
      ],
    });
    expect(made).not.toHaveProperty('messages.3.train');
  });

  test('mixed forms are refused', () => {
    expect(told('prompt_completion', '{"prompt": [{"role": "user", "content": "a"}], "completion": "x"}')).toEqual([
      'd.jsonl:7:62 data/wrong-type "completion" should be a list, found a text.',
    ]);
  });
});

describe('reasoning', () => {
  test('a worked solution: the steps, then the answer', () => {
    const made = record('reasoning', {
      question: 'What is 3 × 4 + 2?',
      steps: [
        { description: 'Multiply first.', calculation: '3 × 4 = 12', reasoning: 'Products before sums.' },
        'Add 2: 14.',
        { calculation: 14 },
      ],
      answer: 14,
    });
    expect(made).toEqual({
      kind: 'instruction',
      sampleId: 'd:1',
      instruction: 'What is 3 × 4 + 2?',
      input: '',
      output:
        'Step 1: Multiply first.\n3 × 4 = 12\nProducts before sums.\n\nStep 2: Add 2: 14.\n\nStep 3: 14\n\nAnswer: 14',
    });
  });

  test.each([
    ['{"question": "q", "steps": [], "answer": "a"}', 'd.jsonl:7:28 data/empty-list'],
    ['{"question": "q", "steps": [{}], "answer": "a"}', 'd.jsonl:7:29 data/missing-field Step 1 has none of'],
    [
      '{"question": "q", "steps": [1], "answer": "a"}',
      'd.jsonl:7:29 data/wrong-type "steps[0]" should be a text or an object',
    ],
    [
      '{"question": "q", "steps": ["s"], "answer": true}',
      'd.jsonl:7:45 data/wrong-type "answer" should be a text, found true or false.',
    ],
  ])('%s', (text, expected) => {
    expect(told('reasoning', text).join('\n')).toContain(expected);
  });
});

test('text', () => {
  expect(record('text', { body: 'b' }, { text: 'body' })).toEqual({ kind: 'text', sampleId: 'd:1', text: 'b' });
});

test('no row of any shape throws', () => {
  const shapes: unknown[] = [
    null,
    0,
    '',
    'x',
    true,
    [],
    {},
    [null],
    [{}],
    [[]],
    { a: 1 },
    [{ role: 1 }],
    [{ from: {} }],
    [{ role: 'user', content: [0, null, {}] }],
    [{ role: 'assistant', tool_calls: [null, {}, { function: 3 }] }],
    [{ from: 'function_call', value: '[1, null]' }],
  ];
  const fields = [
    'messages',
    'conversations',
    'prompt',
    'completion',
    'question',
    'steps',
    'answer',
    'instruction',
    'input',
    'output',
    'system',
    'tools',
    'text',
  ];
  for (const format of ['messages', 'conversations', 'prompt_completion', 'reasoning', 'instruction', 'text'] as const)
    for (const shape of shapes)
      for (const other of shapes) {
        const value = Object.fromEntries(fields.map((field, i) => [field, i % 2 === 0 ? shape : other]));
        const { record: made, problems } = convertRow(row(JSON.stringify(value)), format, {});
        expect(made !== undefined || problems.length > 0).toBe(true);
      }
});

describe('preference', () => {
  const said = (role: string, content: string) => ({ role, content });

  test("texts with a prompt, and TRL's form without one: what both begin with is the prompt", () => {
    const pair = {
      kind: 'preference',
      sampleId: 'd:1',
      chosen: { kind: 'completion', prompt: 'Sky?', completion: ' Blue.', system: 's' },
      rejected: { kind: 'completion', prompt: 'Sky?', completion: ' Green.', system: 's' },
    };
    expect(record('preference', { system: 's', prompt: 'Sky?', chosen: ' Blue.', rejected: ' Green.' })).toEqual(pair);
    expect(record('preference', { system: 's', chosen: 'Sky? Blue.', rejected: 'Sky? Green.' })).toEqual(pair);
    expect(
      record('preference', { q: 'Sky?', a: 'x', b: 'y' }, { prompt: 'q', chosen: 'a', rejected: 'b' }),
    ).toMatchObject({
      chosen: { prompt: 'Sky?', completion: 'x' },
      rejected: { completion: 'y' },
    });
    // A pair of units that make one character is not taken apart.
    expect(record('preference', { chosen: '😀a', rejected: '😁a' })).toMatchObject({
      chosen: { prompt: '', completion: '😀a' },
      rejected: { prompt: '', completion: '😁a' },
    });
  });

  test('messages: the prompt apart, within both sides, or both; its answers are context', () => {
    const asked = [said('user', 'Hi'), said('assistant', 'Hello'), said('user', 'Sky?')];
    const [better, worse] = [said('assistant', 'Blue'), said('assistant', 'Green')];
    const whole = (end: object) => [asked[0], { ...asked[1], train: false }, asked[2], end];
    const expected = {
      chosen: { kind: 'chat', messages: whole(better) },
      rejected: { kind: 'chat', messages: whole(worse) },
    };
    const forms = [
      { prompt: asked, chosen: [better], rejected: [worse] },
      { chosen: [...asked, better], rejected: [...asked, worse] },
      { prompt: asked, chosen: [...asked, better], rejected: [...asked, worse] },
      { prompt: asked, chosen: 'Blue', rejected: [worse] },
    ];
    for (const form of forms) expect(record('preference', form)).toMatchObject(expected);
    expect(
      record('preference', {
        prompt: 'Sky?',
        chosen: [asked[2], better],
        rejected: [asked[2], worse],
        system: 'Be brief.',
      }),
    ).toMatchObject({ chosen: { messages: [said('system', 'Be brief.'), said('user', 'Sky?'), better] } });
    // Sides that are the same to the end keep their last turn as the answer.
    expect(record('preference', { chosen: [...asked, better], rejected: [...asked, better] })).toMatchObject({
      rejected: { messages: whole(better) },
    });
  });

  test('what is wrong is told by its place', () => {
    expect(told('preference', '{"prompt": "p", "chosen": "a"}')).toEqual([
      'd.jsonl:7:1 data/missing-field The field "rejected" is missing. The row has "prompt", "chosen".',
    ]);
    expect(told('preference', '{"prompt": 1, "chosen": "a", "rejected": "b"}')).toEqual([
      'd.jsonl:7:12 data/wrong-type "prompt" should be a text, found a number.',
    ]);
    expect(told('preference', '{"chosen": [{"role": "user", "content": 5}], "rejected": []}')).toEqual([
      'd.jsonl:7:41 data/wrong-type "chosen[0].content" should be a text or a list of parts {type: text, text: …}, found a number.',
      'd.jsonl:7:58 data/empty-list "rejected" is empty; it should hold at least one message.',
    ]);
  });
});

describe('prompt', () => {
  test('a text or messages; what else the row has is for those who score answers', () => {
    expect(record('prompt', { prompt: 'Sky?', solution: 'blue', system: 's' })).toEqual({
      kind: 'completion',
      sampleId: 'd:1',
      system: 's',
      prompt: 'Sky?',
      completion: '',
    });
    const messages = [{ role: 'user', content: 'Sky?' }];
    expect(record('prompt', { q: messages }, { prompt: 'q' })).toEqual({ kind: 'chat', sampleId: 'd:1', messages });
    expect(told('prompt', '{"question": "Sky?"}')[0]).toContain('data/missing-field The field "prompt" is missing.');
  });
});
