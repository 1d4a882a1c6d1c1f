// Files as streams say what documents say, whatever they are packed in; sidecar files silence codes and rows.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../../src/cli/program.ts';
import { checkProgressLine } from '../../../src/cli/render/checkProgress.ts';
import { checkFile, type CheckProgress } from '../../../src/lint/checkFile.ts';
import { lintText } from '../../../src/lint/document.ts';
import { parseSidecar } from '../../../src/lint/sidecar.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';
import { capturedTerminal } from '../../support/capturedTerminal.ts';
import { seededFile } from '../../support/lintSeeds.ts';
import { uniform } from '../../support/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'lint-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const { text } = seededFile('instruction', 300, 1, uniform('stream'));
const options = { settings: defaultSettings };

function counted(codes: Iterable<{ readonly code: string; readonly count?: number }>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code, count = 1 } of codes) counts[code] = (counts[code] ?? 0) + count;
  return counts;
}

test('a stream counts what a document lists, plain and packed', async () => {
  const expected = counted(lintText(text, defaultSettings));
  const plain = await checkFile(write('a.jsonl', text), 'a.jsonl', options);
  const packed = await checkFile(write('a.jsonl.gz', gzipSync(text)), 'a.jsonl.gz', options);
  expect(counted(plain.counts)).toEqual(expected);
  expect(counted(packed.counts)).toEqual(expected);
});

test('rows of an array that spans lines are told by their own lines', async () => {
  const file = write(
    'array.json',
    '[\n  {"instruction": "a",\n   "output": "wo\\u200brd"},\n  {"instruction": "b", "output": 3}\n]',
  );
  const { counts, rows } = await checkFile(file, 'array.json', options);
  expect(rows).toBe(2);
  expect(counts.map(({ code, first }) => [code, first[0]?.line, first[0]?.start])).toEqual([
    ['data/wrong-type', 4, 33],
    ['form/zero-width', 3, 16],
  ]);
});

test('bytes that are not UTF-8 and mixed line ends are told with their place', async () => {
  const latin = Buffer.concat([Buffer.from('{"text": "a"}\n{"text": "'), Buffer.from([0xe9]), Buffer.from('"}\r\n')]);
  const { counts } = await checkFile(write('latin.jsonl', latin), 'latin.jsonl', options);
  expect(counts.map(({ code, first }) => [code, first[0]?.line])).toEqual([
    ['data/wrong-encoding', 2],
    ['form/mixed-line-ends', 2],
  ]);
  expect(counts[0]?.first[0]?.start).toBe(10);
});

test('the command prints a table that fits, and tells by its exit code whether there are errors', async () => {
  write('bad.jsonl', text);
  const terminal = capturedTerminal();
  expect(await runCommandLine(['check', join(folder, 'bad.jsonl')], terminal)).toBe(1);
  expect(terminal.output()).toMatch(/error +safety\/iban +1 /);
  const table = terminal
    .output()
    .split('\n')
    .filter((line) => /^(?:error|warning|note|hint) /.test(line));
  expect(Math.max(...table.map(({ length }) => length))).toBeLessThanOrEqual(80);
  const good = write('good.jsonl', '{"text": "Something to learn."}\n');
  expect(await runCommandLine(['check', good], capturedTerminal())).toBe(0);
  const json = capturedTerminal();
  expect(await runCommandLine(['check', good, good, '--json'], json)).toBe(1);
  expect(json.output()).toContain('"quality/leak"');
});

describe('sidecar', () => {
  test('a code is off for the file, another for one row', async () => {
    const row = '{"text": "Mail me: jane.doe@gmail.com"}';
    const file = write('side.jsonl', `${row}\n{"text": "<br>next &nbsp; and jim@gmail.com"}\n`);
    const { facts } = await checkFile(file, 'side.jsonl', options);
    const id = facts.hash[0]!.toString(16).padStart(13, '0');
    const sidecar = parseSidecar(
      `severity: {quality/html: off, safety/email: error}\nrows: {"${id}": [safety/email]}`,
      'x',
    );
    const { counts } = await checkFile(file, 'side.jsonl', { settings: { ...defaultSettings, ...sidecar } });
    expect(counts.map(({ code, count, severity }) => [code, count, severity])).toEqual([['safety/email', 1, 'error']]);
  });

  test.each([
    ['severity: {quality/htm: off}', 'Did you mean "quality/html"?'],
    ['severity: {quality/html: loud}', 'should be one of'],
    ['ignore: []', 'There is no key "ignore"'],
    ['rows: {a: quality/html}', 'should have a list of codes'],
    ['severity: {', 'x.lint.yaml:1:12'],
  ])('%s is refused in words', (content, message) => {
    expect(() => parseSidecar(content, 'x.lint.yaml')).toThrow(ProblemError);
    expect(() => parseSidecar(content, 'x.lint.yaml')).toThrow(message);
  });
});

describe('a long check', () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `{"text": "${`${i} words in a row `.repeat(8)}"}\n`).join('');

  test('shows how far it is and what is left, and Ctrl+C ends it within a second with its own exit code', async () => {
    const captured = capturedTerminal();
    let interrupted = 0;
    const terminal = {
      ...captured,
      interactive: true,
      writeError(text: string) {
        captured.writeError(text);
        if (interrupted === 0) process.emit('SIGINT');
        interrupted ||= performance.now();
      },
    };
    expect(await runCommandLine(['check', write('long.jsonl', rows)], terminal)).toBe(130);
    expect(performance.now() - interrupted).toBeLessThan(1000);
    expect(captured.output()).toBe('');
    expect(captured.errors()).toMatch(/checking .* [█░]{20} \d+ % of [\d.]+ MB/);
    expect(captured.errors()).not.toMatch(/Error| at /);
  });

  test('can be stopped while rows are compared', async () => {
    const stop = new AbortController();
    const onProgress = ({ phase }: CheckProgress): void => {
      if (phase === 'compare') stop.abort(new Error('enough'));
    };
    const checked = checkFile(write('long.jsonl', rows), 'long.jsonl', { ...options, signal: stop.signal, onProgress });
    await expect(checked).rejects.toThrow('enough');
  });
});

test('the line of progress fits, and tells what is left once that can be told', () => {
  const at = (bytesRead: number, seconds: number) =>
    checkProgressLine({ file: 'data/train.jsonl', phase: 'read', bytesRead, bytesTotal: 1e9 }, seconds, 80);
  expect(at(1e7, 1)).toBe('checking data/train.jsonl ░░░░░░░░░░░░░░░░░░░░ 1 % of 1.00 GB');
  expect(at(25e7, 5)).toBe('checking data/train.jsonl █████░░░░░░░░░░░░░░░ 25 % of 1.00 GB, 15 s left');
  const long = { file: 'a/'.repeat(80), phase: 'read', bytesRead: 5e8, bytesTotal: 1e9 } as const;
  expect(checkProgressLine(long, 9, 60).length).toBeLessThan(60);
});
