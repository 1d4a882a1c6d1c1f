// Rewrites of whole configs: what each does, and that every config of the corpus is as good after each as it was before.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterEach, describe, expect, test } from 'vitest';
import { CodeActionRequest, type CodeAction, type CodeActionContext } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { ConfigFacts } from '../../../src/config/facts.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { explainedCodes } from '../../../src/config/rules/explanations.ts';
import { configProblems } from '../../../src/server/service/configProblems.ts';
import { readConfigText } from '../../../src/server/service/configText.ts';
import { commentsOf, saysTheSame } from '../../../src/server/service/layout.ts';
import { rewrites } from '../../../src/server/service/rewrites.ts';
import { sortedFields } from '../../../src/server/service/sortFields.ts';
import { applyEdits } from '../../../src/server/service/textChanges.ts';
import { serveHere, type TestClient } from '../../support/languageClient.ts';

const facts: ConfigFacts = { fileExists: () => true, countMatches: () => 1 };
const problemsIn = (text: string) => configProblems(readConfigText(text, 'x'), {}, () => facts);
const sort = 'Sort the fields as in the documentation';
const full = 'Train every weight instead (method full)';
const lora = 'Train LoRA adapters instead (method lora)';
const prefix = 'Train a prefix instead (method prefix)';
const qlora = 'Train LoRA adapters on a quantised model instead (method qlora)';
const evaluation = 'Add an evaluation block';

function offered(text: string): Map<string, string> {
  const found = rewrites(readConfigText(text, 'x'), (now) => configProblems(now, {}, () => facts));
  return new Map(found.map(({ title, edits }) => [title, applyEdits(text, edits)]));
}

const config = `# Labels tickets.
version: 1
data:
  train: a.jsonl # all of them
  max_length: 512
model: a/b
# The adapters.
lora:
  alpha: 16
  rank: 8
training: {learning_rate: 2e-4, lora_plus_ratio: 16, epochs: 2}
`;

describe('another method', () => {
  test('full: what only adapters read goes, and the learning rate is a tenth', () => {
    expect(offered(config).get(full)).toBe(
      config.replace(
        /# The adapters\.[\s\S]*/,
        '# The adapters.\ntraining: {learning_rate: 2e-5, epochs: 2}\nmethod: full\n',
      ),
    );
  });

  test('lora: the learning rate is ten times as high', () => {
    const text = 'version: 1\nmodel: a/b\nmethod: full # for now\ndata: {train: a}\ntraining:\n  learning_rate: 2e-5\n';
    expect(offered(text).get(lora)).toBe(text.replace('full', 'lora').replace('2e-5', '2e-4'));
    expect([...offered(text).keys()]).not.toContain(full);
  });

  test('a rate that would be unusual is left to the default', () => {
    const text =
      'version: 1\nmodel: a/b\nmethod: full\ndata: {train: a}\ntraining:\n  epochs: 1\n  learning_rate: 1e-6\n';
    expect(offered(text).get(lora)).not.toContain('learning_rate');
  });

  test('JSON stays JSON', () => {
    const text = '{"version": 1, "model": "a/b", "data": {"train": "a"}, "lora": {"rank": 8}}';
    expect(JSON.parse(offered(text).get(full)!)).toEqual({
      ...{ version: 1, model: 'a/b', data: { train: 'a' } },
      method: 'full',
    });
  });
});

describe('an evaluation block', () => {
  test('comes with rows to validate on', () => {
    const text = 'version: 1\nmodel: a/b\ndata:\n  train: a\n  validation: 0 # none\n';
    expect(offered(text).get(evaluation)).toBe(
      'version: 1\nmodel: a/b\ndata:\n  train: a\n  validation: 0.05 # none\nevaluation:\n  every: 50\n  at_start: true\n',
    );
  });

  test('is not added a second time', () => {
    expect(offered(`${config}evaluation: {every: 5}\n`).has(evaluation)).toBe(false);
  });
});

describe('fields in order', () => {
  test('move with the comments above and behind them; the file keeps its own', () => {
    expect(offered(config).get(sort)).toBe(`# Labels tickets.
version: 1
model: a/b
data:
  train: a.jsonl # all of them
  max_length: 512
# The adapters.
lora:
  rank: 8
  alpha: 16
training: {epochs: 2, learning_rate: 2e-4, lora_plus_ratio: 16}
`);
  });

  test.each([
    [
      'empty lines stay where they are',
      'version: 1\ndata: {train: a}\n\nmodel: b\n\nseed: 1\n',
      'version: 1\nmodel: b\n\nseed: 1\n\ndata: {train: a}\n',
    ],
    [
      'items of lists',
      'data:\n  train:\n    - weight: 2\n      # where\n      path: a\n    - {weight: 1, path: b}\n',
      'data:\n  train:\n    - # where\n      path: a\n      weight: 2\n    - {path: b, weight: 1}\n',
    ],
    [
      'texts over several lines',
      'model: b\ndata:\n  system: |\n    One.\n\n    Two.\n  train: a\nversion: 1\n',
      'version: 1\nmodel: b\ndata:\n  train: a\n  system: |\n    One.\n\n    Two.\n',
    ],
    [
      'what is commented out inside of a block stays inside',
      'lora:\n  rank: 8\n  # alpha: 4\nversion: 1\n# end\n',
      'version: 1\nlora:\n  rank: 8\n  # alpha: 4\n# end\n',
    ],
    [
      'a comment set apart from the file’s own belongs to the first field',
      '# file\n\n# the model\nmodel: b\nversion: 1\n',
      '# file\n\nversion: 1\n# the model\nmodel: b\n',
    ],
    ['unknown names come last', 'wat: 1\nmodel: b\nversion: 1', 'version: 1\nmodel: b\nwat: 1'],
    ['JSON', '{\n  "model": "b",\n  "version": 1\n}', '{\n  "version": 1,\n  "model": "b"\n}'],
    ['a byte order mark', '\uFEFFmodel: b\nversion: 1\n', '\uFEFFversion: 1\nmodel: b\n'],
    ['CRLF', 'model: b # x\r\nversion: 1\r\n', 'version: 1\r\nmodel: b # x\r\n'],
    [
      'a comment between brackets: left alone',
      'lora: {alpha: 2, # x\n  rank: 1}\n',
      'lora: {alpha: 2, # x\n  rank: 1}\n',
    ],
  ])('%s', (_, text, sorted) => expect(sortedFields(text)).toBe(sorted));

  test('a thousand blocks are put in order at once', () => {
    const items = Array.from({ length: 1000 }, (_, i) => `    - {weight: 1, path: a${i}}`);
    const began = process.cpuUsage();
    const text = `model: b\ndata:\n  train:\n${items.join('\n')}\nversion: 1\n`;
    expect(sortedFields(text)).toContain('    - {path: a999, weight: 1}\n');
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1000);
  });

  test('what sorting would change or cannot read is refused', () => {
    expect(sortedFields('lora: &l {rank: 1}\nversion: 1\nmodel: *l\n')).toBeUndefined();
    expect(sortedFields('a: [')).toBeUndefined();
  });
});

test('nothing is offered while there are errors', () => {
  expect(offered('version: 1\nmodel: a/b\n')).toEqual(new Map());
  expect(offered('version: 1\nmodel: a/b\ndata: {train: a}\nlora: {rank: nine}\n')).toEqual(new Map());
});

/** Configs that are right: those of the examples, and of every page about a problem; as YAML and as JSON. */
function corpus(): [string, string][] {
  const examples = readdirSync('examples', { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.finetune\.(ya?ml|json)$/.test(name))
    .map((name): [string, string] => [name, readFileSync(join('examples', name), 'utf8')]);
  const pages = explainedCodes.flatMap(({ code, explanation: { right } }): [string, string][] => {
    if (right === undefined) return [];
    const field = (name: string, text: string) => (new RegExp(`^${name}:`, 'm').test(right) ? '' : text);
    const head = `${field('version', 'version: 1\n')}${field('model', 'model: a/b\n')}`;
    return [[code, `${head}${field('data', 'data: {train: a.jsonl}\n')}${right}\n`]];
  });
  const yaml = [...examples, ...pages];
  const json = yaml.flatMap(([name, text]): [string, string][] => {
    const { config: read } = parseConfig(text, name);
    return read ? [[`${name} as JSON`, `${JSON.stringify(read, null, 2)}\n`]] : [];
  });
  const backwards = yaml.flatMap(([name, text]): [string, string][] => {
    const { config: read } = parseConfig(text, name);
    return read ? [[`${name} backwards`, stringify(Object.fromEntries(Object.entries(read).reverse()))]] : [];
  });
  return [...yaml, ...json, ...backwards];
}

test.each(corpus())('%s is as good after each rewrite as before', (_, text) => {
  const before = new Set(problemsIn(text).map(({ code }) => code));
  expect(problemsIn(text).filter(({ severity }) => severity === 'error')).toEqual([]);
  const found = offered(text);
  expect(found.has(full) || found.has(lora)).toBe(true);
  for (const [title, after] of found) {
    const problems = problemsIn(after);
    expect(
      problems.filter(({ code, severity }) => severity === 'error' || !before.has(code)),
      `${title}\n${after}`,
    ).toEqual([]);
    expect(parseConfig(after, 'x').problems, `${title}\n${after}`).toEqual([]);
    if (text.trimStart().startsWith('{')) JSON.parse(after);
    if (title === sort) {
      expect(saysTheSame(after, text)).toBe(true);
      expect(sortedFields(after)).toBe(after);
    }
    if (title === sort || title === evaluation)
      expect(commentsOf(after).toSorted()).toEqual(commentsOf(text).toSorted());
  }
});

describe('as an editor asks', () => {
  const uri = 'untitled:a.finetune.yaml';
  const top = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  let client: TestClient;
  afterEach(async () => client.stop());

  async function actions(text: string, context: Omit<CodeActionContext, 'diagnostics'>): Promise<CodeAction[]> {
    client = await serveHere();
    client.open(uri, 'finetune-yaml', text);
    const diagnostics = [...(await client.diagnostics(uri))];
    const params = { textDocument: { uri }, range: top, context: { ...context, diagnostics } };
    return ((await client.connection.sendRequest(CodeActionRequest.type, params)) ?? []) as CodeAction[];
  }
  const applied = (action: CodeAction | undefined): string =>
    TextDocument.applyEdits(TextDocument.create(uri, '', 1, client.text(uri)), action?.edit?.changes?.[uri] ?? []);

  test('rewrites come when they are asked for, and each makes its edit', async () => {
    const found = await actions(config, { only: ['refactor'] });
    expect(found.map(({ title }) => title)).toEqual([full, qlora, prefix, evaluation, sort]);
    expect(found.every(({ kind }) => kind === 'refactor.rewrite')).toBe(true);
    expect(applied(found[4])).toBe(sortedFields(config));
  });

  test('they do not come with every move of the cursor, nor for another kind', async () => {
    expect(await actions(config, { triggerKind: 2 })).toEqual([]);
    await client.stop();
    expect(await actions(config, { only: ['quickfix'] })).toEqual([]);
  });

  test('fix all mends everything at once', async () => {
    const text = 'version: 1\nmodel: a/b\ndata:\n  train: a\n  cutoff_len: 512\ntraining:\n\tepochs: 2\n';
    const found = await actions(text, { only: ['source.fixAll'] });
    expect(found.map(({ kind }) => kind)).toEqual(['source.fixAll.finetune']);
    const mended = 'version: 1\nmodel: a/b\ndata:\n  train: a\n  max_length: 512\ntraining:\n  epochs: 2\n';
    expect(applied(found[0])).toBe(mended);
  });
});
