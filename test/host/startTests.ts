// Start Fine-Tune in the extension host: none, one or many configs, a second start, the queue.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { asked, nothing, type Question } from './answers.ts';
import { until, type HostTest } from './harness.ts';
import { writeLiveRun } from './sampleRuns.ts';
import { group } from './tree.ts';

const workspace = (): string => vscode.workspace.workspaceFolders![0]!.uri.fsPath;
const runsFolder = (): string => path.join(workspace(), '.finetune', 'runs');
const config = (): string => path.join(workspace(), 'quickstart.finetune.yaml');
const aside = (): string => `${config()}.aside`;
const folders = (): string[] => (existsSync(runsFolder()) ? readdirSync(runsFolder()) : []);

interface QueueFile {
  readonly continue_on_error: boolean;
  readonly items: readonly { readonly id: string; readonly config_file: string }[];
}
const queue = (): QueueFile =>
  JSON.parse(readFileSync(path.join(workspace(), '.finetune', 'queue.json'), 'utf8')) as QueueFile;

const isAboutRunning = ({ text }: Question): boolean => text.includes('is still going on');

export const startTests: HostTest[] = [
  {
    name: 'every command of the manifest is registered',
    async run() {
      const extension = vscode.extensions.getExtension<unknown>('finetune-workbench.fine-tune-workbench')!;
      await extension.activate();
      const manifest = extension.packageJSON as { contributes: { commands: { command: string }[] } };
      const registered = new Set(await vscode.commands.getCommands(true));
      const all = manifest.contributes.commands.map(({ command }) => command);
      assert.ok(all.length > 30);
      assert.deepEqual(
        all.filter((command) => !registered.has(command)),
        [],
      );
    },
  },
  {
    name: 'without a config the wizard asks for model, data, method and name, and walking away leaves nothing behind',
    async run() {
      renameSync(config(), aside());
      try {
        const [told] = await asked('finetune.checkConfig', [], nothing);
        assert.deepEqual([told?.text, told?.choices], ['There is no config in this workspace.', ['New Config']]);
        const first = await asked('finetune.start', [], nothing);
        assert.equal(first.length, 1);
        assert.ok(first[0]!.choices.includes('./starter-model'));
        const answers = ['./starter-model', './orders.train.jsonl', 'LoRA', 'my-orders'];
        const asking = await asked('finetune.start', [], () => answers.shift());
        assert.deepEqual(
          asking.slice(0, 4).map(({ kind }) => kind),
          ['list', 'list', 'list', 'text'],
        );
        assert.ok(asking[1]!.choices.includes('./orders.train.jsonl'));
        const file = path.join(workspace(), 'my-orders.finetune.yaml');
        const text = readFileSync(file, 'utf8');
        assert.match(text, /^model: \.\/starter-model/m);
        assert.match(text, /^\s*train: \.\/orders\.train\.jsonl/m);
        assert.match(text, /^\s*# /m);
        assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, file);
        await vscode.commands.executeCommand('workbench.action.closeAllEditors');
        rmSync(file);
        assert.deepEqual(folders(), []);
      } finally {
        renameSync(aside(), config());
      }
    },
  },
  {
    name: 'the configs of the workspace are offered, one or many, with a way to a new one',
    async run() {
      const choices = async (): Promise<readonly string[]> => (await asked('finetune.start', [], nothing))[0]!.choices;
      await until(async () => assert.deepEqual(await choices(), ['quickstart', '$(add) New config …']));
      const second = path.join(workspace(), 'second.finetune.yaml');
      cpSync(config(), second);
      await until(async () => assert.equal((await choices()).length, 3));
      rmSync(second);
    },
  },
  {
    name: 'a broken config is not started: it is told, and its problems are in the Problems view',
    async run() {
      const broken = path.join(workspace(), 'broken.finetune.yaml');
      cpSync(path.join(workspace(), 'broken.txt'), broken);
      const uri = vscode.Uri.file(broken);
      const questions = await asked('finetune.start', [uri], nothing);
      assert.match(questions[0]!.text, /broken\.finetune\.yaml cannot be started/);
      await until(() => assert.ok(vscode.languages.getDiagnostics(uri).length > 0));
      rmSync(broken);
      assert.deepEqual(folders(), []);
    },
  },
  {
    name: 'a second start asks; queued configs wait, change places, and are taken out',
    async run() {
      const live = await writeLiveRun(runsFolder(), 'first');
      await until(async () => assert.equal((await group('Active')).length, 1));
      const uri = vscode.Uri.file(config());
      const walked = await asked('finetune.start', [uri], nothing);
      const question = walked.find(isAboutRunning)!;
      assert.deepEqual(question.choices, ['Queue', 'Run Beside It']);
      assert.deepEqual(folders(), ['first']);
      for (let count = 1; count <= 3; count++) {
        await asked('finetune.start', [uri], (each) => (isAboutRunning(each) ? 'Queue' : undefined));
        await until(async () => assert.equal((await group('Queued')).length, count));
      }
      const before = queue().items.map(({ id }) => id);
      const [, , third] = await group('Queued');
      assert.equal(third!.context, 'queued');
      await vscode.commands.executeCommand('finetune.queue.up', third!.node);
      assert.deepEqual(
        queue().items.map(({ id }) => id),
        [before[0], before[2], before[1]],
      );
      for (const { node } of await group('Queued')) await vscode.commands.executeCommand('finetune.queue.remove', node);
      assert.deepEqual(queue().items, []);
      await vscode.commands.executeCommand('finetune.queue.continueOnError');
      assert.equal(queue().continue_on_error, true);
      await vscode.commands.executeCommand('finetune.queue.stopOnError');
      assert.equal(queue().continue_on_error, false);
      await live.end();
      await until(async () => assert.deepEqual(await group('Active'), []));
      // As a click on the status bar does that comes a moment too late.
      await vscode.commands.executeCommand('finetune.openActiveRun');
      await until(() => assert.equal(vscode.window.tabGroups.activeTabGroup.activeTab?.label, 'first'), 20_000);
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    },
  },
  {
    name: 'a queued config starts when the run before has ended',
    async run() {
      const live = await writeLiveRun(runsFolder(), 'before');
      await until(async () => assert.equal((await group('Active')).length, 1));
      const uri = vscode.Uri.file(config());
      await asked('finetune.start', [uri], (each) => (isAboutRunning(each) ? 'Queue' : undefined));
      const known = new Set(folders());
      await live.end();
      const started = await until(() => {
        const found = folders().find((name) => !known.has(name));
        assert.ok(found);
        return found;
      });
      await until(() => assert.deepEqual(queue().items, []));
      const { node } = await until(async () => {
        const [line] = await group('Active');
        assert.ok(line);
        return line;
      });
      await asked('finetune.stopNow', [node], ({ choices }) => choices[0]);
      await until(async () => assert.deepEqual(await group('Active'), []));
      rmSync(runsFolder(), { recursive: true });
      assert.ok(started.startsWith('quickstart'));
      await until(async () => assert.deepEqual(await group('Interrupted'), []));
    },
  },
];
