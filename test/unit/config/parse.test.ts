// Text in, problems out: each case is a config and the very lines that a person reads.
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';
import { formatProblem } from '../../../src/protocol/problem.ts';

const head = 'version: 1\nmodel: a/b\ndata:\n  train: a.jsonl\n'; // four lines

function problemsOf(text: string): string[] {
  return parseConfig(text, 'x.yaml').problems.map(formatProblem);
}

function line(place: string, message: string, code: string): string {
  return `x.yaml:${place}: ${message} [config/${code}]`;
}

describe('a good config', () => {
  test('gives exactly what is written, no defaults', () => {
    const { config, problems } = parseConfig(head, 'x.yaml');
    expect(problems).toEqual([]);
    expect(config).toEqual({ version: 1, model: 'a/b', data: { train: 'a.jsonl' } });
  });

  test('may be JSON, indented with tabs', () => {
    const text = '{\n\t"version": 1,\n\t"model": "a/b",\n\t"data": { "train": "a.jsonl" }\n}';
    expect(parseConfig(text, 'x.json').config?.model).toBe('a/b');
  });

  test('may have a byte order mark, Windows line ends, comments and aliases', () => {
    const text = `\uFEFF# comment\r\n${head.replaceAll('\n', '\r\n')}lora: {alpha: &a 16, rank: *a}\r\n`;
    expect(parseConfig(text, 'x.yaml')).toMatchObject({ problems: [], config: { lora: { alpha: 16, rank: 16 } } });
  });

  test('reads numbers as YAML 1.2 does', () => {
    const { config } = parseConfig(`${head}training: {learning_rate: 2e-4, adam_epsilon: 1.0E-8}\n`, 'x.yaml');
    expect(config?.training).toEqual({ learning_rate: 0.0002, adam_epsilon: 1e-8 });
  });
});

describe('a file that is no config', () => {
  const nothing = 'This config is empty. The smallest one has `version: 1`, `model:` and `data:` with `train:`.';
  const fields = 'but a config is made of fields: lines such as `version: 1` and `model: …`.';
  test.each([
    ['empty', '', line('1:1', nothing, 'empty-file')],
    ['only comments', '# hello\n\n', line('1:1', nothing, 'empty-file')],
    ['a list', '- a\n- b\n', line('1:1', `This file holds a list, ${fields}`, 'not-a-mapping')],
    ['a text', 'hello', line('1:1', `This file holds a single value, ${fields}`, 'not-a-mapping')],
    [
      'NUL bytes',
      'version: 1\nmodel: a\0b',
      line(
        '2:9',
        'There is a NUL byte here, so this is not a text file, or it is saved as UTF-16. Save it as UTF-8.',
        'not-text',
      ),
    ],
    [
      'another encoding',
      'version: 1\nname: caf\uFFFD\n',
      line('2:10', 'There is a byte here that is not UTF-8. Save the file as UTF-8.', 'not-text'),
    ],
  ])('%s', (_, text, expected) => expect(problemsOf(text)).toEqual([expected]));

  test('a data file is not parsed at all', () => {
    const [found, ...others] = problemsOf(`{"text": "${'x'.repeat(1 << 20)}"}`);
    expect(found).toMatch(/^x\.yaml: This file has 1048588 characters, .* \[config\/too-large\]$/);
    expect(others).toEqual([]);
  });

  test('aliases that multiply or contain themselves end in one message', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((n, i) => `${n}: &${n} [${Array(8).fill(`*${'abcdefg'[i]!}`).join(',')}]`),
    ];
    for (const text of [bomb.join('\n'), 'a: &a [*a]\n']) {
      expect(problemsOf(text).filter((found) => found.includes('config/too-large'))).toHaveLength(1);
    }
  });
});

describe('YAML that cannot be read', () => {
  test.each([
    [
      'a tab',
      'data:\n\ttrain: a\n',
      '2:1',
      'This line is indented with a tab, and YAML allows only spaces. Replace the tab by spaces.',
    ],
    [
      'an open bracket',
      'lora: {rank: 8\nmodel: a\n',
      '2:1',
      'A bracket opened above is not closed before this line. Close it with }, or indent this line.',
    ],
    ['an open bracket at the end', 'lora: {rank: 8', '1:15', 'A bracket is never closed. Put } at its end.'],
    ['an open quote', 'model: "a\n', '2:1', 'A text opened with " is never closed. Put " at its end.'],
    [
      'no colon',
      'version: 1\nmodel a\ndata: {}\n',
      '2:1',
      'There is no `: ` after the name of this field. Write `name: value`.',
    ],
    [
      'a colon in a text',
      'version: 1\nmodel: a: b\n',
      '2:8',
      'There is a second `: ` in this value, or this line is indented deeper than the field above. Put a text with a colon in quotes; begin fields of one block in the same column.',
    ],
    ['a reserved sign', 'model: @a\n', '1:8', 'A text cannot begin with `@` in YAML. Put it in quotes.'],
    [
      'uneven indentation',
      'data:\n    train: a\n  validation: 0\n',
      '3:1',
      'This line is not indented like its neighbours. Fields of one block begin in the same column.',
    ],
    [
      'a Windows path in double quotes',
      'model: "C:\\models"\n',
      '1:11',
      'This backslash begins no escape that YAML knows. In double quotes write `\\\\`, or use single quotes or `/` in paths.',
    ],
    [
      'two documents',
      'version: 1\n---\nversion: 1\n',
      '2:1',
      'A second document begins here (`---`), but a config file describes one run. Write one file for each run.',
    ],
    [
      'a tag',
      'model: !python a\n',
      '1:8',
      'Tags such as `!name` have no meaning in a config. Remove it, or put the text in quotes.',
    ],
  ])('%s', (_, text, place, message) => expect(problemsOf(text)).toEqual([line(place, message, 'yaml-syntax')]));

  test('an alias to nothing', () => {
    const found = problemsOf(`${head}seed: *x\n`);
    expect(found[0]).toContain('x.yaml:5:7: `*x` repeats a value marked `&x`, but nothing above is marked so.');
  });

  test('a field written twice is told where it is repeated, and the rest is still checked', () => {
    expect(problemsOf(`${head}seed: 1\nseed: 2\nsed: 1\n`)).toEqual([
      line('6:1', '`seed` is written twice in this block. Keep one of them.', 'duplicate-key'),
      line('7:1', '`sed` is not a field at the top level. Did you mean `seed`?', 'unknown-key'),
    ]);
  });
});

describe('fields that do not exist', () => {
  test.each([
    ['a typing error', 'seeed: 1', '5:1', '`seeed` is not a field at the top level. Did you mean `seed`?'],
    [
      'in the wrong block',
      'learning_rate: 1',
      '5:1',
      '`learning_rate` is not a field at the top level. Did you mean `training.learning_rate`?',
    ],
    [
      'in two other blocks',
      'every: 1',
      '5:1',
      '`every` is not a field at the top level. Did you mean `evaluation.every` or `checkpoints.every`?',
    ],
    [
      'inside another block',
      'training:\n  packing: true',
      '6:3',
      '`packing` is not a field of `training`. Did you mean `data.packing`?',
    ],
    [
      'spelled otherwise',
      'training: {learningRate: 1}',
      '5:12',
      '`learningRate` is not a field of `training`. Did you mean `learning_rate`?',
    ],
    ['named as elsewhere', 'lora:\n  lora_r: 8', '6:3', '`lora_r` is not a field of `lora`. Did you mean `rank`?'],
    [
      'named as elsewhere, at the top',
      'per_device_train_batch_size: 8',
      '5:1',
      '`per_device_train_batch_size` is not a field at the top level. Did you mean `training.batch_size`?',
    ],
    [
      'with another meaning',
      'train_on_inputs: false',
      '5:1',
      '`train_on_inputs` is not a field at the top level. Did you mean `data.train_on` (true is `all`, false is `assistant`)?',
    ],
    [
      'a path as a name',
      'lora.rank: 8',
      '5:1',
      '`lora.rank` is not a field at the top level. Did you mean `lora.rank` (`rank:` on an indented line under `lora:`)?',
    ],
    [
      'of no likeness',
      'checkpoints: {zzz: 1}',
      '5:15',
      '`zzz` is not a field of `checkpoints`. Fields here: every, keep, best_by.',
    ],
    [
      '__proto__',
      'lora: {__proto__: 1}',
      '5:8',
      '`__proto__` is not a field of `lora`. Fields here: rank, alpha, dropout, target_modules, use_rslora, use_dora, init_from.',
    ],
    ['a comment of another language', '// note: x', '5:1', 'Comments begin with `#` here, not with `//`.'],
  ])('%s', (_, text, place, message) =>
    expect(problemsOf(`${head}${text}\n`)).toEqual([line(place, message, 'unknown-key')]),
  );

  test('inside a list item', () => {
    const text =
      'version: 1\nmodel: a/b\ndata:\n  train:\n    - {path: a.jsonl}\n    - path: b.jsonl\n      wieght: 2\n';
    expect(problemsOf(text)).toEqual([
      line('7:7', '`wieght` is not a field of `data.train[1]`. Did you mean `weight`?', 'unknown-key'),
    ]);
  });
});

describe('values that do not fit', () => {
  test.each([
    [
      'a word for a number',
      'seed: ten',
      '5:7',
      'wrong-value',
      '`seed` is the text "ten", but it must be a whole number from 0 to 4294967295, such as 42.',
    ],
    [
      'a quoted number',
      'lora: {rank: "16"}',
      '5:14',
      'wrong-value',
      '`lora.rank` is the text "16", but it must be a whole number from 1 to 4096. Write the number plainly, without quotes or separators: 16.',
    ],
    [
      'a number with separators',
      'training: {max_steps: 1_000}',
      '5:23',
      'wrong-value',
      '`training.max_steps` is the text "1_000", but it must be a whole number from 1 to 1000000000. Write the number plainly, without quotes or separators: 1000.',
    ],
    [
      'percent',
      'training: {warmup_ratio: 3%}',
      '5:26',
      'wrong-value',
      '`training.warmup_ratio` is the text "3%", but it must be a number, at least 0 and below 1. Write 0.03 for 3 %.',
    ],
    [
      'a fraction',
      'seed: 1.5',
      '5:7',
      'wrong-value',
      '`seed` is 1.5, but it must be a whole number from 0 to 4294967295, such as 42.',
    ],
    [
      'not a number',
      'training: {learning_rate: .nan}',
      '5:27',
      'wrong-value',
      '`training.learning_rate` is NaN, but it must be a number, above 0 and at most 1, such as 2e-4.',
    ],
    [
      'too small',
      'training: {learning_rate: 0}',
      '5:27',
      'out-of-range',
      '`training.learning_rate` is 0, but it must be a number, above 0 and at most 1, such as 2e-4.',
    ],
    [
      'too large',
      'lora: {dropout: 1}',
      '5:17',
      'out-of-range',
      '`lora.dropout` is 1, but it must be a number, at least 0 and below 1, such as 0.05.',
    ],
    [
      'yes',
      'lora: {use_rslora: yes}',
      '5:20',
      'wrong-value',
      '`lora.use_rslora` is the text "yes", but it must be true or false. Write `true`, without quotes.',
    ],
    [
      'off for three ways',
      'training: {gradient_checkpointing: off}',
      '5:36',
      'wrong-value',
      '`training.gradient_checkpointing` is the text "off", but it must be auto, true or false. Write `false`, without quotes.',
    ],
    [
      'a misspelt word',
      'method: lorra',
      '5:9',
      'wrong-value',
      '`method` is the text "lorra", but it must be full, lora, qlora or prefix. Did you mean `lora`?',
    ],
    [
      "another tool's word",
      'training: {optimizer: adamw_torch}',
      '5:23',
      'wrong-value',
      '`training.optimizer` is the text "adamw_torch", but it must be adamw or sgd. Did you mean `adamw`?',
    ],
    [
      'a block for a word',
      'method: {lora: 1}',
      '5:9',
      'wrong-value',
      '`method` is a block of fields, but it must be full, lora, qlora or prefix.',
    ],
    [
      'a list for a block',
      'lora: [1]',
      '5:7',
      'wrong-value',
      '`lora` is a list, but it must be a block of fields, each on an indented line of its own.',
    ],
    [
      'no value',
      'lora:\n  rank:\n',
      '6:3',
      'empty-value',
      '`lora.rank` has no value. Write one, such as 16, or remove the line.',
    ],
    [
      'null',
      'name: ~',
      '5:7',
      'empty-value',
      '`name` has no value. Write one, such as support-tickets, or remove the line.',
    ],
    [
      'an empty text',
      'output: ""',
      '5:9',
      'wrong-value',
      '`output` is an empty text, but it must be a text, such as outputs/support-tickets.',
    ],
    [
      'an empty list',
      'lora: {target_modules: []}',
      '5:24',
      'wrong-value',
      '`lora.target_modules` is a list, but it must be all-linear or a list of layer names. The list is empty.',
    ],
    [
      'a list with a repetition',
      'lora: {target_modules: [q, q]}',
      '5:24',
      'wrong-value',
      '`lora.target_modules` is a list, but it must be all-linear or a list of layer names. The list names something twice.',
    ],
    [
      'a wrong item',
      'lora: {target_modules: [q, 3]}',
      '5:28',
      'wrong-value',
      '`lora.target_modules[1]` is 3, but it must be a text, such as q_proj.',
    ],
    [
      'of the wrong form',
      'name: a b',
      '5:7',
      'wrong-value',
      "`name` is the text \"a b\", but it must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit, such as support-tickets.",
    ],
    [
      'of two kinds',
      'threads: many',
      '5:10',
      'wrong-value',
      '`threads` is the text "many", but it must be auto or a whole number from 1 to 1024, such as 4.',
    ],
  ])('%s', (_, text, place, code, message) =>
    expect(problemsOf(`${head}${text}\n`)).toEqual([line(place, message, code)]),
  );

  test('data: a share too large, a template of no kind, a path where a list item belongs', () => {
    const text = 'version: 1\nmodel: a/b\ndata:\n  train: [a.jsonl, {}]\n  validation: 0.9\n  template: x.txt\n';
    expect(problemsOf(text)).toEqual([
      line(
        '4:11',
        '`data.train[0]` is the text "a.jsonl", but it must be a block with path and, if need be, weight, format and columns, such as {path: data/chats.jsonl}.',
        'wrong-value',
      ),
      line('4:20', '`data.train[1].path` is missing. Add a line such as `path: data/chats.jsonl`.', 'missing-field'),
      line(
        '5:15',
        '`data.validation` is 0.9, but it must be a share from 0 to 0.5, or a path, such as 0.05.',
        'wrong-value',
      ),
      line(
        '6:13',
        '`data.template` is the text "x.txt", but it must be chat, alpaca, none, or the path of a .jinja file, such as chat.',
        'wrong-value',
      ),
    ]);
  });

  test('what every config needs', () => {
    expect(problemsOf('name: x\ndata: {}\n')).toEqual([
      line('1:1', '`version` is missing. Add a line such as `version: 1`.', 'missing-field'),
      line(
        '1:1',
        '`model` is missing. Add a line such as `model: HuggingFaceTB/SmolLM2-135M-Instruct`.',
        'missing-field',
      ),
      line('2:1', '`data.train` is missing. Add a line such as `train: data/train.jsonl`.', 'missing-field'),
    ]);
  });

  test('a later version of the format', () => {
    expect(problemsOf(head.replace('1', '2'))).toEqual([
      line('1:10', '`version` is 2, but it must be 1.', 'wrong-value'),
    ]);
  });
});

describe('${env:NAME}', () => {
  const text = `${head}output: \${env:ROOT}/runs/\${env:WHO}\nlora: {target_modules: ["\${env:LAYER}"]}\n`;

  test('is replaced in every text', () => {
    const { config } = parseConfig(text, 'x.yaml', { environment: { ROOT: '/r', WHO: '', LAYER: '$& q' } });
    expect(config).toMatchObject({ output: '/r/runs/', lora: { target_modules: ['$& q'] } });
  });

  test('that is not set is told with its place', () => {
    const { config, problems } = parseConfig(text, 'x.yaml', { environment: { ROOT: '/r' } });
    expect(config).toBeUndefined();
    expect(problems.map(formatProblem)).toEqual([
      line(
        '5:9',
        'The environment variable WHO is not set. Set it before the run, or write the value here.',
        'environment-unset',
      ),
      line(
        '6:25',
        'The environment variable LAYER is not set. Set it before the run, or write the value here.',
        'environment-unset',
      ),
    ]);
  });

  test.each(['${env:}', '${env:A-B}', '${env:1A}', '${env:A'])('%s is malformed', (reference) => {
    const { problems } = parseConfig(`${head}output: '${reference}'\n`, 'x.yaml', { environment: { A: 'x' } });
    expect(problems.map(formatProblem)).toEqual([
      line(
        '5:9',
        `\`${reference}\` does not name an environment variable. Write it as \`\${env:NAME}\`, with letters, digits and _.`,
        'environment-syntax',
      ),
    ]);
  });

  test('anything else with a dollar is literal', () => {
    expect(parseConfig(`${head}output: $HOME/\${HOME}\n`, 'x.yaml').config?.output).toBe('$HOME/${HOME}');
  });
});

test('whatever the text, parsing returns, and every problem has code and place', () => {
  const source = `${head}lora: {rank: 8, target_modules: [q_proj, "v"]}\ntraining:\n  epochs: 2 # two\n  learning_rate: 2e-4\nevaluation: {prompts: ["a: b"]}\n`;
  const scraps = [
    '\t',
    '\n',
    ': ',
    '- ',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '*a',
    '&a ',
    '!x ',
    '? ',
    '---\n',
    '#',
    '\0',
    '${env:',
    '|',
    '>',
    '%',
    '@',
    '1e999',
    '\u2028',
    '<<: ',
  ];
  let state = 1;
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647; // Park & Miller's generator
    return state % below;
  };
  for (let round = 0; round < 1500; round += 1) {
    let text = source;
    for (let edits = 1 + random(3); edits > 0; edits -= 1) {
      const at = random(text.length + 1);
      text = text.slice(0, at) + (random(3) === 0 ? '' : scraps[random(scraps.length)]!) + text.slice(at + random(6));
    }
    const { config, problems } = parseConfig(text, 'x.yaml');
    expect(config === undefined, text).toBe(problems.length > 0);
    for (const found of problems) {
      expect(found.code, text).toMatch(/^config\/[a-z-]+$/);
      expect(found.place?.line, text).toBeLessThanOrEqual(text.split('\n').length);
      expect(found.message, text).not.toMatch(/undefined|NaN,? NaN|\[object/);
    }
  }
}, 120_000);
