// Losses token by token after a real run: on the command line, and in the hover of the token lens.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HoverRequest, type Hover } from 'vscode-languageserver/node';
import { lensRequest, type LensAnswer } from '../../src/protocol/lensRequests.ts';
import { tokenLossesRequest, type TokenLossesAnswer } from '../../src/protocol/lossRequests.ts';
import { toArray } from '../../src/protocol/series.ts';
import { startRun, type RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { serveProgram } from '../support/languageClient.ts';
import { writeTinyData, writeTinyModel } from '../support/tinyModelFolder.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const dist = path.resolve(import.meta.dirname, '../../dist');

interface Token {
  readonly id: number;
  readonly text: string;
  readonly trained: boolean;
  readonly loss?: number | string;
}
interface Losses {
  readonly run?: string;
  readonly weights: string | number;
  readonly rows: readonly { readonly row: number; readonly loss?: number; readonly tokens: readonly Token[] }[];
}

let folder: string;
let run: RunHandle;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = await scratchFolder();
  env = { ...process.env, FINETUNE_CACHE: path.join(folder, 'cache'), NO_COLOR: '1' };
  await writeTinyModel(path.join(folder, 'model'));
  await writeTinyData(path.join(folder, 'train.jsonl'), 12);
  await writeTinyData(path.join(folder, 'held.jsonl'), 4);
  const configFile = path.join(folder, 'tiny.finetune.json');
  const config = {
    ...{ version: 1, model: './model', device: 'cpu', threads: 1 },
    data: { train: 'train.jsonl', validation: 'held.jsonl', max_length: 128 },
    lora: { rank: 4 },
    training: { max_steps: 6, batch_size: 2, learning_rate: 0.01 },
    evaluation: { every: 3 },
    checkpoints: { every: 3, keep: 2 },
  };
  await writeFile(configFile, JSON.stringify(config));
  const runsFolder = path.join(folder, '.finetune/runs');
  const trainer = path.join(dist, 'trainer.js');
  run = await startRun({ configFile, name: 'tiny', overrides: [], runsFolder, trainer, env });
  expect(await run.exited).toBe(0);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

function finetune(args: readonly string[], stdin = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [path.join(dist, 'cli.js'), 'loss', ...args],
      { cwd: folder, env },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
    child.stdin?.end(stdin);
  });
}

async function losses(...args: string[]): Promise<Losses> {
  const { code, stdout, stderr } = await finetune([...args, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Losses;
}

test('the losses of rows are those of the run’s own evaluations, and the mean of their trained tokens', async () => {
  const { state } = await openRun(run.folder);
  for (const { step, worst_rows: worst } of toArray(state.evaluations).filter(({ step }) => step > 0)) {
    const told = await losses('latest', 'held.jsonl', '--checkpoint', String(step));
    expect(told.weights).toBe(step);
    expect(told.rows).toHaveLength(4);
    for (const { id, loss, tokens } of worst) {
      const row = told.rows[Number(id.split(':')[1]) - 1]!;
      const trained = row.tokens.filter((token) => token.trained);
      expect(trained).toHaveLength(tokens);
      expect(row.loss).toBeCloseTo(loss, 4);
      const sum = trained.reduce((total, token) => total + Number(token.loss), 0);
      expect(sum / trained.length).toBeCloseTo(loss, 4);
    }
  }
}, 60_000);

test('the result is what the last step left; before training the losses are others', async () => {
  const [result, last, start] = [
    await losses('latest', 'train.jsonl', '--rows', '2,5-6'),
    await losses('latest', 'train.jsonl', '--rows', '2,5-6', '--checkpoint', '6'),
    await losses('tiny.finetune.json', 'train.jsonl', '--rows', '2'),
  ];
  expect(result).toMatchObject({ run: path.basename(run.folder), weights: 'result' });
  expect(result.rows.map(({ row }) => row)).toEqual([2, 5, 6]);
  expect(result.rows).toEqual(last.rows);
  expect(start.weights).toBe('start');
  expect(start.rows[0]!.loss!).toBeGreaterThan(result.rows[0]!.loss! + 0.1);
  const [first, second] = result.rows[0]!.tokens;
  expect(first).not.toHaveProperty('loss');
  expect(second!.loss).toBeGreaterThan(0);
}, 60_000);

test('for a person: a table of the trained tokens; rows that cannot be trained on say why', async () => {
  const bad = '{"messages": []}\nnot json\n';
  const [good] = (await readFile(path.join(folder, 'train.jsonl'), 'utf8')).split('\n');
  const { stdout } = await finetune(['latest', 'train.jsonl', '--stdin'], `${good}\n${bad}`);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe(`Run ${path.basename(run.folder)}, its result`);
  expect(lines[1]).toMatch(/^train\.jsonl:1: \d+ tokens, \d+ trained, loss [\d.]+, perplexity [\d.]+$/);
  expect(lines[2]).toMatch(/^position +id +loss +chance +token$/);
  const counted = /(\d+) trained/.exec(lines[1]!)?.[1];
  expect(lines.filter((line) => /^ *\d+ +\d+ +[\d.e-]+ +[\d.]+ % +"/.test(line))).toHaveLength(Number(counted));
  expect(stdout).toMatch(/train\.jsonl:2\n.*"messages" is empty/);
  expect(stdout).toMatch(/train\.jsonl:3\nNot valid JSON/);
}, 60_000);

test('what is not there is told', async () => {
  const missing = await finetune(['latest', 'train.jsonl', '--checkpoint', '5']);
  expect(missing).toMatchObject({ code: 1 });
  expect(missing.stderr).toMatch(
    /has no checkpoint of step 5\. It has those of steps 3, 6\. \[trainer\/no-such-checkpoint\]/,
  );
  const rows = await finetune(['latest', 'train.jsonl', '--rows', '0']);
  expect(rows).toMatchObject({ code: 2 });
  expect(rows.stderr).toContain('Write numbers of rows, such as 3 or 1-20,33.');
}, 60_000);

test('the lens shows them: in the hover, at the end of the line, in the tints; an edited row has none', async () => {
  const client = await serveProgram([path.join(dist, 'server.js'), '--stdio'], { folder });
  const uri = pathToFileURL(path.join(folder, 'train.jsonl')).href;
  const text = await readFile(path.join(folder, 'train.jsonl'), 'utf8');
  client.open(uri, 'jsonl', text);
  const ask = (wanted: string | null): Promise<TokenLossesAnswer> =>
    client.connection.sendRequest(tokenLossesRequest.method, { uri, first: 0, last: 1, run: wanted });
  const lens = (): Promise<LensAnswer> =>
    client.connection.sendRequest(lensRequest.method, { uri, first: 0, last: 2, config: null });
  const hover = (line: number, character: number): Promise<Hover | null> =>
    client.connection.sendRequest(HoverRequest.method, { textDocument: { uri }, position: { line, character } });

  expect(await ask(run.folder)).toEqual({ rows: 2, differing: 0 });
  const told = await losses('latest', 'train.jsonl', '--rows', '1-2');
  const shown = await lens();
  expect(shown.rows.map(({ loss }) => loss)).toEqual([told.rows[0]!.loss, told.rows[1]!.loss, undefined]);
  const kinds = new Set(shown.rows[0]!.pieces.filter((_, i) => i % 3 === 2));
  expect([6, 7, 8].some((kind) => kinds.has(kind))).toBe(true);

  const [line = ''] = text.split('\n');
  const found = JSON.stringify(await hover(0, line.lastIndexOf('"}') - 1));
  expect(found).toMatch(/\*\*trained\*\* · loss \*\*[\d.e-]+\*\* \([\d.]+ %\)/);
  expect(found).toContain(`Losses of the run ${path.basename(run.folder)}.`);
  expect(JSON.stringify(await hover(0, line.length))).toMatch(/Loss \*\*[\d.]+\*\* by the run/);

  client.edit(uri, 'A', {
    start: { line: 0, character: line.length - 4 },
    end: { line: 0, character: line.length - 3 },
  });
  expect((await lens()).rows.map(({ loss }) => loss === undefined)).toEqual([true, false, true]);
  expect(await ask(null)).toEqual({ rows: 0, differing: 0 });
  expect((await lens()).rows.every(({ loss }) => loss === undefined)).toBe(true);
  await writeFile(path.join(folder, 'other.jsonl'), text);
  const other = pathToFileURL(path.join(folder, 'other.jsonl')).href;
  client.open(other, 'jsonl', text);
  const refused = await client.connection.sendRequest<TokenLossesAnswer>(tokenLossesRequest.method, {
    ...{ uri: other, first: 0, last: 1, run: run.folder },
  });
  expect(refused.problem).toMatch(/No config of the workspace names this file/);
  await client.stop();
}, 60_000);
