// Run folders that nobody's trainer wrote, in the real explorer and the real dashboard: each says what is wrong with it,
// none hides another, nothing outside the workspace is opened or changed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { runsFolderOf } from '../../src/runs/layout.ts';
import { finished, hello, started, step } from '../support/runEvents.ts';
import { makeRunFolder } from '../support/runFolders.ts';
import { runRecord } from '../support/runRecords.ts';
import { asked } from './answers.ts';
import { until, type HostTest } from './harness.ts';
import { group, runLine } from './tree.ts';

const workspace = (): string => vscode.workspace.workspaceFolders![0]!.uri.fsPath;
const runsFolder = (): string => runsFolderOf(workspace());
/** Beside the workspace: what hostile paths point at. */
const outside = (): string => path.join(path.dirname(workspace()), 'outside');
const script = '<script>alert(1)</script><img src=x onerror=alert(2)>';
const manifest = (id: string, changes: object = {}): string =>
  JSON.stringify({ ...runRecord({ id }).manifest, ...changes });

/** Folders whose manifest cannot be used, and the start of what is said of each. */
const broken: Readonly<Record<string, { readonly make: (file: string) => void; readonly said: RegExp }>> = {
  'h-empty': { make: (file) => writeFileSync(file, ''), said: /not valid JSON/ },
  'h-bytes': { make: (file) => writeFileSync(file, Buffer.alloc(5000, 0xff)), said: /not valid JSON/ },
  'h-half': { make: (file) => writeFileSync(file, manifest('h-half').slice(0, 150)), said: /not valid JSON/ },
  'h-version': { make: (file) => writeFileSync(file, manifest('h-version', { version: 7 })), said: /version/ },
  'h-folder': { make: (file) => mkdirSync(file), said: /it is a folder/ },
  'h-pipe': { make: (file) => execFileSync('mkfifo', [file]), said: /not an ordinary file/ },
  'h-loop': { make: (file) => symlinkSync(file, file), said: /cannot be read/ },
  'h-huge': {
    make(file) {
      writeFileSync(file, '{');
      truncateSync(file, 3 * 2 ** 30);
    },
    said: /more than/,
  },
};

/** Runs that can be listed, with logs that are not logs. */
const logs: Readonly<Record<string, (folder: string) => unknown>> = {
  'h-log-folder': (folder) => mkdirSync(path.join(folder, 'events.jsonl')),
  'h-log-pipe': (folder) => execFileSync('mkfifo', [path.join(folder, 'events.jsonl')]),
  'h-log-bytes': (folder) => writeFileSync(path.join(folder, 'events.jsonl'), Buffer.alloc(3 << 20, 0x80)),
  'h-log-line': (folder) => writeFileSync(path.join(folder, 'events.jsonl'), Buffer.alloc(48 << 20, 'a')),
  'h-log-torn': (folder) => appendFile(path.join(folder, 'events.jsonl'), '{"seq": 99, "type": "step", "lo'),
};

async function writeHostileRuns(): Promise<void> {
  const folder = runsFolder();
  for (const [id, { make }] of Object.entries(broken)) {
    mkdirSync(path.join(folder, id), { recursive: true });
    make(path.join(folder, id, 'run.json'));
  }
  for (const [id, make] of Object.entries(logs)) {
    const events = id === 'h-log-torn' ? [hello, started, step(1, 3)] : [];
    await make(await makeRunFolder(folder, { id, status: 'completed' }, events));
  }
  mkdirSync(outside(), { recursive: true });
  writeFileSync(path.join(outside(), 'secret.yaml'), 'secret: true\n');
  mkdirSync(path.join(outside(), 'step-2'), { recursive: true });
  const away = await makeRunFolder(folder, { id: 'h-away', status: 'completed' }, [
    hello,
    started,
    step(1, 2),
    {
      type: 'checkpoint',
      step: 1,
      path: '../../../../outside/step-2',
      bytes: 1,
      seconds: 1,
      reason: 'scheduled',
      removed: [],
    },
    finished,
  ]);
  mkdirSync(path.join(away, 'checkpoints', 'step-2'), { recursive: true });
  const changes = {
    id: '../../outside',
    name: script,
    config_file: '../../outside/secret.yaml',
    base_directory: outside(),
  };
  writeFileSync(path.join(away, 'run.json'), manifest('h-away', changes));
  writeFileSync(path.join(away, 'label.json'), `{"name": "${'x'.repeat(2 << 20)}`);
  await makeRunFolder(folder, { id: `h-${script.replaceAll('/', '∕')}`, status: 'completed' }, [hello, started]);
}

const fingerprint = (): string => {
  const files = readdirSync(outside(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return files.map((file) => `${file} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`).join('\n');
};

export const hostileTests: HostTest[] = [
  {
    name: 'broken, huge, half-written and foreign run folders are listed, each with what is wrong with it',
    async run() {
      await writeHostileRuns();
      await until(async () => {
        const lines = await group('Failed');
        for (const [id, { said }] of Object.entries(broken)) {
          const line = lines.find(({ label }) => label === id);
          assert.match(line?.description ?? `${id} is not listed`, said);
          assert.equal(line?.context, 'run:broken');
        }
        for (const id of Object.keys(logs)) await runLine(id);
        assert.match((await runLine('h-log-torn')).description, /3/);
      });
    },
  },
  {
    name: 'a broken run says what is wrong with it, and opens no dashboard',
    async run() {
      for (const [id, { said }] of Object.entries(broken)) {
        const { node } = await runLine(id);
        const [told] = await asked('finetune.showRunProblem', [node], () => undefined);
        assert.match(told?.text ?? '', said);
        assert.doesNotMatch(told?.text ?? '', /\n\s+at /);
      }
    },
  },
  {
    name: 'dashboards of runs with hostile logs and names open, and nothing outside the workspace is touched',
    async run() {
      const before = fingerprint();
      const names = [...Object.keys(logs), script];
      for (const name of names) {
        const { node } = await runLine(name);
        await vscode.commands.executeCommand('finetune.openDashboard', node);
        await until(() => {
          const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
          assert.equal(tab?.label, name);
        }, 20_000);
      }
      const away = await runLine(script);
      const [checkpoints] = await away.children();
      assert.deepEqual(await checkpoints!.children(), [], 'a checkpoint outside the run is none');
      for (const command of ['finetune.openRunConfig', 'finetune.openRunLog', 'finetune.openRunSamples']) {
        await asked(command, [away.node], () => undefined);
        const file = vscode.window.activeTextEditor?.document.uri.fsPath;
        assert.ok(file === undefined || file.startsWith(`${workspace()}${path.sep}`), `${command} opened ${file}`);
      }
      await asked('finetune.pin', [away.node], () => undefined);
      await asked('finetune.trash', [away.node], ({ kind, choices }) => (kind === 'warning' ? choices[0] : undefined));
      assert.ok(existsSync(path.join(workspace(), '.finetune', 'trash', 'h-away')));
      assert.equal(fingerprint(), before);
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    },
  },
  {
    name: 'after all that a run that comes is listed as ever',
    async run() {
      await makeRunFolder(runsFolder(), { id: 'h-after', status: 'completed' }, [hello, started, step(1, 2)]);
      await until(async () => assert.match((await runLine('h-after')).description, /2\.0/));
    },
  },
];
