// The command line itself: help, names, exit codes, problems as sentences.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reportFailure } from '../../../src/cli/failure.ts';
import { commands, runCommandLine } from '../../../src/cli/program.ts';
import { countProblems } from '../../../src/cli/render/problems.ts';
import { findRunsFolder } from '../../../src/cli/workspace.ts';
import { problem, ProblemError } from '../../../src/protocol/problem.ts';
import { capturedTerminal } from '../../support/capturedTerminal.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'finetune-cli-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]) {
  const terminal = capturedTerminal();
  const exitCode = await runCommandLine(args, terminal);
  return { exitCode, output: terminal.output(), errors: terminal.errors() };
}

describe('help', () => {
  test('lists every command and fits 80 columns', async () => {
    const { exitCode, output } = await run('--help');
    expect(exitCode).toBe(0);
    for (const { name } of commands) expect(output).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect((await run()).output).toBe(output);
  });

  test.each(commands.map(({ name }) => name))('%s has examples, --json and lines of 80 columns', async (name) => {
    const { exitCode, output } = await run(name, '--help');
    expect(exitCode).toBe(0);
    expect(output).toContain('Examples:');
    // lsp answers in LSP's own JSON
    expect(output).toContain(name === 'lsp' ? '--stdio' : '--json');
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect((await run('help', name)).output).toBe(output);
  });

  test('the version is that of the package', async () => {
    const { default: manifest } = await import('../../../package.json', { with: { type: 'json' } });
    expect((await run('--version')).output).toBe(`${manifest.version}\n`);
  });
});

describe('wrong usage ends with 2 and says what is meant', () => {
  test('a mistyped command', async () => {
    const { exitCode, errors } = await run('strat');
    expect(exitCode).toBe(2);
    expect(errors).toContain("unknown command 'strat'");
    expect(errors).toContain('Did you mean start?');
  });

  test('a mistyped option, a missing argument, a bad --set', async () => {
    expect(await run('runs', '--jsn')).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('--json') as string,
    });
    expect(await run('start')).toMatchObject({ exitCode: 2, errors: expect.stringContaining('config') as string });
    expect((await run('start', 'x.yaml', '--set', 'seed')).errors).toContain('Write path=value.');
  });

  test('a config that is not there', async () => {
    const file = join(folder, 'no.finetune.yaml');
    const { exitCode, errors } = await run('start', file);
    expect(exitCode).toBe(2);
    expect(errors).toContain('there is no such file');
    expect(errors).toContain('[cli/cannot-read-config]');
  });

  test('a config with mistakes names file, line and column', async () => {
    const file = join(folder, 'bad.finetune.yaml');
    writeFileSync(file, 'version: 1\nmodle: x\ndata:\n  train: a.jsonl\n');
    const { exitCode, errors } = await run('start', file);
    expect(exitCode).toBe(2);
    expect(errors).toContain(`${file}:2:1: error: `);
    expect(errors).toContain('model');
    expect(errors).not.toMatch(/^\s+at /m);
  });
});

describe('failures', () => {
  test('a problem is a sentence with its place and code, exit code 1', () => {
    const terminal = capturedTerminal();
    const place = { file: join(process.cwd(), 'data', 'a.jsonl'), line: 3, column: 7 };
    const code = reportFailure(problem('data/invalid-json', 'This is no JSON.', place, ['near `{`']), terminal);
    expect(code).toBe(1);
    expect(terminal.errors()).toBe(
      `${join('data', 'a.jsonl')}:3:7: error: This is no JSON. [data/invalid-json]\n    near \`{\`\n`,
    );
  });

  test('problems of configs and usage are exit code 2', () => {
    expect(reportFailure(problem('config/unknown-key', 'x'), capturedTerminal())).toBe(2);
  });

  test('anything else is its message without a stack trace', () => {
    const terminal = capturedTerminal();
    expect(reportFailure(new Error('boom'), terminal)).toBe(1);
    expect(terminal.errors()).toMatch(/^error: boom\nThis was not expected/);
    expect(terminal.errors()).not.toMatch(/^\s+at /m);
  });

  test('problems are counted by severity', () => {
    const { problems } = new ProblemError([
      { code: 'a/b', severity: 'error', message: '' },
      { code: 'a/b', severity: 'hint', message: '' },
      { code: 'a/b', severity: 'hint', message: '' },
    ]);
    expect(countProblems(problems)).toBe('1 error, 2 hints');
    expect(countProblems([])).toBe('no problems');
  });
});

describe('runs', () => {
  test('lie in the nearest parent that has some, else here', async () => {
    const { mkdir } = await import('node:fs/promises');
    const inner = join(folder, 'a', 'b');
    await mkdir(inner, { recursive: true });
    await mkdir(join(folder, '.finetune', 'runs'), { recursive: true });
    expect(findRunsFolder(inner)).toBe(join(folder, '.finetune', 'runs'));
    rmSync(join(folder, '.finetune'), { recursive: true });
    expect(findRunsFolder(inner)).toBe(join(inner, '.finetune', 'runs'));
  });
});
