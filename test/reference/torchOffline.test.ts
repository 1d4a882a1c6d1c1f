// A run of the torch engine on local files where no other machine can be reached: it needs none, and does not look for one.

import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toArray } from '../../src/protocol/series.ts';
import { findRun, openRun } from '../../src/runs/store.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { tinyWorkspace } from '../support/tinyWorkspace.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'dist/cli.js');
const run = promisify(execFile);

const config = {
  version: 1,
  model: './model',
  engine: 'torch',
  device: 'cpu',
  threads: 1,
  data: { train: 'train.jsonl', validation: 0.2, max_length: 128 },
  lora: { rank: 4 },
  training: { max_steps: 3, batch_size: 2 },
  evaluation: { every: 3, prompts: ['say 3'], max_new_tokens: 4 },
};

/** What Python and Node say of a host that they cannot find or reach. */
const attempt =
  /ENOTFOUND|EAI_AGAIN|ENETUNREACH|Name or service not known|name resolution|Network is unreachable|Max retries/i;

describeWith(['python', 'network-namespace'], 'without a network', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    ({ folder, env } = await tinyWorkspace(20));
    await writeFile(path.join(folder, 'offline.finetune.json'), JSON.stringify(config));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const alone = (program: string, ...args: string[]) =>
    run(requiredPath('network-namespace'), [program, ...args], { env, cwd: folder });

  test('the namespace reaches nobody, by name or by number', async () => {
    const connect = `
import socket
for address in (("198.51.100.1", 80), ("example.org", 80)):
    try:
        socket.create_connection(address, timeout=5)
    except OSError as error:
        print(error)
`;
    const { stdout } = await alone(requiredPath('python'), '-c', connect);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(attempt);
  });

  test('the environment is chosen, and a run trains, evaluates, answers and is saved', async () => {
    await alone(process.execPath, cli, 'setup', 'torch', '--python', requiredPath('python'));
    const { stderr } = await alone(process.execPath, cli, 'start', 'offline.finetune.json', '--json');
    const runFolder = await findRun(path.join(folder, '.finetune/runs'));
    const { state } = await openRun(runFolder);
    expect(state.finished?.outcome).toBe('completed');
    expect(toArray(state.steps)).toHaveLength(3);
    expect(state.samples.length).toBeGreaterThan(0);
    const log = await readFile(path.join(runFolder, 'trainer.log'), 'utf8');
    expect(`${stderr}\n${log}`).not.toMatch(attempt);
  });
});
