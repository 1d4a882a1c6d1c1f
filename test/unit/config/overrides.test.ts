// --set: values laid over the file, with places that name the option.
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';
import { sourceOf } from '../../../src/config/positions.ts';
import { formatProblem } from '../../../src/protocol/problem.ts';

const text = `version: 1
model: a/b
data:
  train:
    - path: a.jsonl
    - path: b.jsonl
training:
  epochs: 3
  warmup_ratio: 0.1
`;

function parse(...overrides: string[]) {
  return parseConfig(text, 'x.yaml', { overrides, environment: { HOME: '/home/me' } });
}

function problemsOf(...overrides: string[]): string[] {
  return parse(...overrides).problems.map(formatProblem);
}

describe('values', () => {
  test.each([
    ['training.learning_rate=1e-4', { training: { learning_rate: 0.0001, epochs: 3 } }],
    ['method=full', { method: 'full' }],
    ['name="3"', { name: '3' }],
    ['lora.target_modules=[q_proj, v_proj]', { lora: { target_modules: ['q_proj', 'v_proj'] } }],
    ['lora={rank: 8, alpha: 8}', { lora: { rank: 8, alpha: 8 } }],
    ['data.train[1].weight=2', { data: { train: [{ path: 'a.jsonl' }, { path: 'b.jsonl', weight: 2 }] } }],
    ['data.train=c.jsonl', { data: { train: 'c.jsonl' } }],
    ['output=${env:HOME}/out', { output: '/home/me/out' }],
    ['data.system=a = b', { data: { system: 'a = b' } }],
    [' seed = 7 ', { seed: 7 }],
  ])('%s', (override, expected) => {
    expect(parse(override)).toMatchObject({ problems: [], config: expected });
  });

  test('the last one wins', () => {
    expect(parse('seed=1', 'seed=2').config?.seed).toBe(2);
  });

  test('a rival of the file gives way, a rival on the command line does not', () => {
    expect(parse('training.max_steps=5', 'training.warmup_steps=2').config?.training).toEqual({
      max_steps: 5,
      warmup_steps: 2,
    });
    expect(parse('training.max_steps=5', 'training.epochs=1').config?.training).toMatchObject({
      max_steps: 5,
      epochs: 1,
    });
  });

  test('the file itself is not changed, and what was set is known', () => {
    const { positions } = parse('lora={rank: 8}', 'training.epochs=1');
    expect(sourceOf(positions, 'lora.rank')).toBe('override');
    expect(sourceOf(positions, 'training.epochs')).toBe('override');
    expect(sourceOf(positions, 'training.warmup_ratio')).toBe('file');
    expect(sourceOf(positions, 'seed')).toBeUndefined();
  });
});

describe('problems name the option', () => {
  test.each([
    [
      'training.lr=1',
      '--set training.lr: `lr` is not a field of `training`. Did you mean `learning_rate`? [config/unknown-key]',
    ],
    [
      'training.learning_rate=fast',
      '--set training.learning_rate: `training.learning_rate` is the text "fast", but it must be a number, above 0 and at most 1, such as 2e-4. [config/wrong-value]',
    ],
    ['seed=', '--set seed: `seed` has no value. Write one, such as 42, or remove the line. [config/empty-value]'],
    [
      'lora={rank: 0}',
      '--set lora: `lora.rank` is 0, but it must be a whole number from 1 to 4096, such as 16. [config/out-of-range]',
    ],
    [
      'output=${env:NOPE}',
      '--set output: The environment variable NOPE is not set. Set it before the run, or write the value here. [config/environment-unset]',
    ],
    [
      'seed',
      '--set: `seed` does not set a field. Write path=value, such as training.learning_rate=1e-4. [config/override-syntax]',
    ],
    [
      '=3',
      '--set: `=3` does not set a field. Write path=value, such as training.learning_rate=1e-4. [config/override-syntax]',
    ],
    [
      'a..b=3',
      '--set: `a..b=3` does not set a field. Write path=value, such as training.learning_rate=1e-4. [config/override-syntax]',
    ],
    [
      'lora={rank: 1',
      '--set lora: The value `{rank: 1` cannot be read. Put a text with any of { } [ ] , # : * & ! in quotes. [config/override-syntax]',
    ],
    [
      'name=*a',
      '--set name: The value `*a` cannot be read. Put a text with any of { } [ ] , # : * & ! in quotes. [config/override-syntax]',
    ],
    [
      'model.path=x',
      '--set model.path: `model.path` leads into something that is not a block, or to a list item that is not there. [config/override-path]',
    ],
    [
      'data.train[2].path=x',
      '--set data.train[2].path: `data.train[2].path` leads into something that is not a block, or to a list item that is not there. [config/override-path]',
    ],
    ['__proto__.x=1', '--set __proto__.x: '],
  ])('%s', (override, expected) => {
    const [first, ...others] = problemsOf(override);
    expect(others).toEqual([]);
    if (!override.startsWith('__proto__')) expect(first).toBe(expected);
    else expect(first).toMatch(/^x\.yaml:1:1: `__proto__` is not a field at the top level\./);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
