// Rows encoded by several threads: what one thread makes of them, whatever they hold, and an end whenever one wants it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { exclusionId } from '../../src/data/exclusionId.ts';
import { prepareRows, type RowsRequest } from '../../src/data/prepare/prepareRows.ts';
import type { RowEncoder } from '../../src/data/prepare/encoder.ts';
import { encoderOf } from '../../src/data/rowEncoder.ts';
import { compileChatTemplate } from '../../src/models/chatTemplate.ts';
import { ProblemError } from '../../src/protocol/problem.ts';
import { uniform } from '../support/random.ts';
import { writeTinyModel } from '../support/tinyModelFolder.ts';
import { temporaryFolder } from '../unit/data/support.ts';

const folder = temporaryFolder();
const fixture = (name: string) =>
  readFileSync(path.join(import.meta.dirname, '../fixtures/tokenizers', `${name}.json`), 'utf8');
const source =
  "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}[{{ m.role }}] {{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}";
const { name } = compileChatTemplate(source, 'tiny');
const recipe = {
  kind: 'single',
  settings: { trainOn: 'assistant', maxLength: 120, overflow: 'truncate' },
  tokenizerFiles: new Map([
    ['tokenizer.json', fixture('smollm2')],
    ['tokenizer_config.json', fixture('config')],
  ]),
  template: { source, name, options: {} },
} as const;

/** `threads` besides the one of this test. */
function encoder(threads: number): RowEncoder {
  const elsewhere = threads === 0 ? undefined : { recipe, threads };
  return { identity: { threads }, encode: encoderOf(recipe), elsewhere };
}

/** Rows of every kind: long ones, such as teach nothing, with special tokens, and with more turns; `bad` ones too. */
function rows(count: number, bad: boolean): string[] {
  const random = uniform('threads');
  const words = ['so', 'naïve', 'x = [1, 2];', '日本', '😀', '\n\n', 'the', 'answer', "don't", 'internationalisation'];
  const text = (most: number) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => words[Math.floor(random() * words.length)]).join(' ');
  return Array.from({ length: count }, (_, i) => {
    const messages = [
      { role: 'user', content: text(40) },
      { role: 'assistant', content: `${i} ${text(i % 50 === 0 ? 400 : 60)}` },
    ];
    if (i % 97 === 0) messages.pop();
    if (i % 101 === 0) messages[0]!.content += '<|im_end|>';
    if (bad && i % 401 === 7) return '{"messages": [';
    if (bad && i % 409 === 7) return JSON.stringify({ messages: [{ role: 'tool', content: 'x' }] });
    return JSON.stringify({ messages });
  });
}

async function outcome(request: RowsRequest, threads: number): Promise<unknown> {
  try {
    const data = await prepareRows(request, encoder(threads));
    const { train } = data;
    const ids = Array.from({ length: train.length }, (_, row) => train.row(row).sampleId);
    data.close();
    return { report: data.report, ids };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return error.problems;
  }
}

const request = (train: string): RowsRequest => ({
  baseDirectory: folder,
  train,
  validation: 0.05,
  format: 'auto',
  columns: {},
  cacheDirectory: path.join(folder, 'cache'),
});

test('tokens, masks, findings and names of rows are those of one thread', async () => {
  const good = rows(9000, false);
  const excluded = [3, 5000, 8_999].map((i) => `  - '${exclusionId(JSON.parse(good[i]!) as Record<string, unknown>)}'`);
  writeFileSync(path.join(folder, 'good.jsonl'), `\ufeff${good.join('\r\n')}`);
  writeFileSync(path.join(folder, 'good.jsonl.lint.yaml'), `exclude:\n${excluded.join('\n')}\n`);
  writeFileSync(path.join(folder, 'good.json'), `[${good.join(',')}]`);
  // Stored, so that the packed file is large enough for threads.
  writeFileSync(path.join(folder, 'good.jsonl.gz'), gzipSync(good.join('\n'), { level: 0 }));
  writeFileSync(path.join(folder, 'bad.jsonl'), rows(9000, true).join('\n'));
  for (const file of ['good.jsonl.gz', 'bad.jsonl', 'good.{json,jsonl}']) {
    const alone = await outcome(request(file), 0);
    expect(await outcome(request(file), 2), file).toEqual(alone);
    expect(JSON.stringify(alone)).toContain(file === 'bad.jsonl' ? 'data/bad-rows' : 'chat/special-token-in-text');
  }
}, 240_000);

test('stops when it is told to, and a thread that fails is told', async () => {
  writeFileSync(path.join(folder, 'long.jsonl'), rows(9000, false).join('\n'));
  const stop = new AbortController();
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === 'tokenise') stop.abort(new Error('enough'));
  };
  const controls = { signal: stop.signal, onProgress };
  await expect(prepareRows(request('long.jsonl'), encoder(2), controls)).rejects.toThrow('enough');

  const broken = { ...recipe, tokenizerFiles: new Map([['tokenizer.json', '{']]) };
  const failing = { ...encoder(2), identity: {}, elsewhere: { recipe: broken, threads: 2 } };
  await expect(prepareRows(request('long.jsonl'), failing)).rejects.toThrow('tokenizer.json');
  expect(readdirSync(path.join(folder, 'cache', 'data')).filter((entry) => entry.includes('.tmp-'))).toEqual([]);
}, 120_000);

test('Ctrl+C ends a check of a config with 130 and leaves nothing half-made', async () => {
  const model = await writeTinyModel(path.join(folder, 'model'));
  const config = path.join(folder, 'long.finetune.yaml');
  const data = { train: 'many.jsonl', format: 'messages', max_length: 64 };
  writeFileSync(config, JSON.stringify({ version: 1, name: 'long', model, device: 'cpu', method: 'lora', data }));
  const some = `${rows(9000, false).join('\n')}\n`;
  writeFileSync(path.join(folder, 'many.jsonl'), some.repeat(20));
  const cache = path.join(folder, 'cache-of-check', 'data');
  const child = spawn(process.execPath, ['dist/cli.js', 'check', config], {
    env: { ...process.env, FINETUNE_CACHE: path.dirname(cache) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'exit');
  const isBuilding = () => existsSync(cache) && readdirSync(cache).some((entry) => entry.includes('.tmp-'));
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(folder, { recursive: true }, () => {
      if (!isBuilding()) return;
      watcher.close();
      resolve();
    });
    child.once('exit', () => reject(new Error(`the check ended before it could be stopped: ${said}`)));
  });
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(said).toBe('');
  expect(readdirSync(cache)).toEqual([]);
}, 120_000);
