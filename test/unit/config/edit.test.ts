// Fields set in the text of a config, and the text of a new one: both read back as a config without problems.
import { describe, expect, test } from 'vitest';
import { setFields } from '../../../src/config/edit.ts';
import { newConfigText, safeName } from '../../../src/config/newConfig.ts';
import { parseConfig } from '../../../src/config/parse.ts';

const text = `# mine
version: 1
model: ./m # the model
data:
  train: d.jsonl

training:
  epochs: 3 # three
  batch_size: 8
`;

describe('setFields', () => {
  test('changes values, adds fields and blocks, and keeps comments', () => {
    const changed = setFields(text, { 'training.batch_size': 4, 'data.max_length': 256, 'lora.rank': 8 });
    expect(changed).toContain('# mine');
    expect(changed).toContain('model: ./m # the model');
    expect(changed).toContain('epochs: 3 # three');
    expect(parseConfig(changed, 'a.yaml').config).toMatchObject({
      training: { epochs: 3, batch_size: 4 },
      data: { train: 'd.jsonl', max_length: 256 },
      lora: { rank: 8 },
    });
  });

  test('a field takes the place of the one that it excludes', () => {
    const { config, problems } = parseConfig(setFields(text, { 'training.max_steps': 10 }), 'a.yaml');
    expect(problems).toEqual([]);
    expect(config?.training).toEqual({ batch_size: 8, max_steps: 10 });
  });

  test('JSON stays JSON', () => {
    const json = '{\n  "version": 1,\n  "model": "./m",\n  "data": { "train": "d.jsonl" }\n}\n';
    const changed: unknown = JSON.parse(setFields(json, { 'training.batch_size': 2 }));
    expect(changed).toMatchObject({ version: 1, training: { batch_size: 2 } });
  });

  test.each(['a: [', '- 1\n- 2\n', '', 'training: 3\n'])('leaves %j as it is', (broken) => {
    expect(setFields(broken, { 'training.batch_size': 2 })).toBe(broken);
  });
});

describe('a new config', () => {
  test.each([
    { name: 'support', model: 'HuggingFaceTB/SmolLM2-135M-Instruct', data: './data/train.jsonl', method: 'lora' },
    { name: 'v1.0_x-y', model: './models/a model', data: './daten: alle #1.jsonl', method: 'full' },
    { name: '7', model: '/m/x.gguf', data: '/data/"quoted".jsonl', method: 'lora' },
  ] as const)('reads back as what was asked: $name', (wanted) => {
    const { config, problems } = parseConfig(newConfigText(wanted), 'a.yaml');
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      name: wanted.name,
      model: wanted.model,
      method: wanted.method,
      data: { train: wanted.data },
    });
  });

  test('any text becomes a name that the schema accepts', () => {
    for (const typed of ['Büro Anfragen!', '...', '', '日本語', '-a-', 'x'.repeat(100), 'a/b']) {
      const config = { name: safeName(typed), model: './m', data: './d.jsonl', method: 'lora' } as const;
      expect(parseConfig(newConfigText(config), 'a.yaml').problems).toEqual([]);
    }
  });
});
