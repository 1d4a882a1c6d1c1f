// The explorer's tree in the extension host: groups, lines, children, what menus look at, labels and trash.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { asked, nothing } from './answers.ts';
import { until, type HostTest } from './harness.ts';
import { writeLiveRun, writeSampleRuns } from './sampleRuns.ts';
import { explorer, group, runLine } from './tree.ts';

const workspace = (): string => vscode.workspace.workspaceFolders![0]!.uri.fsPath;
const runsFolder = (): string => path.join(workspace(), '.finetune', 'runs');
const labelOf = (id: string): unknown => JSON.parse(readFileSync(path.join(runsFolder(), id, 'label.json'), 'utf8'));

export const explorerTests: HostTest[] = [
  {
    name: 'lists runs that appear, in groups by state, the broken one with what is wrong, and passes foreign folders over',
    async run() {
      await writeSampleRuns(workspace());
      await until(async () => {
        const lines = await explorer();
        assert.deepEqual(
          lines.map(({ label, description }) => [label, description]),
          [
            ['Finished', '1'],
            ['Stopped', '1'],
            ['Failed', '2'],
            ['Interrupted', '1'],
          ],
        );
        const bad = await group('Failed');
        assert.deepEqual(bad.map(({ label, context }) => [label, context]).toSorted(), [
          ['crashed', 'run:failed'],
          ['torn', 'run:broken'],
        ]);
        assert.match((await runLine('torn')).description, /cannot be read · The manifest is not valid JSON/);
        assert.match((await runLine('crashed')).description, /not enough memory .* step 3\/?/);
        assert.equal((await runLine('done')).context, 'run:completed');
        assert.deepEqual(
          [...(await group('Stopped')), ...(await group('Interrupted'))].map(({ context }) => context),
          ['run:stopped', 'run:interrupted'],
        );
      });
    },
  },
  {
    name: 'a run has checkpoints, the best marked, samples, config and log',
    async run() {
      const parts = await (await runLine('done')).children();
      assert.deepEqual(
        parts.map(({ label, context }) => [label, context]),
        [
          ['Checkpoints', 'part:checkpoints'],
          ['Samples', 'part:samples'],
          ['Config', 'part:config'],
          ['Log', 'part:log'],
        ],
      );
      const checkpoints = await parts[0]!.children();
      assert.deepEqual(
        checkpoints.map(({ label, description, context }) => [label, description, context]),
        [
          ['step 3', 'best · 4.10 kB', 'checkpoint'],
          ['step 2', '4.10 kB', 'checkpoint'],
        ],
      );
      assert.deepEqual(await (await runLine('torn')).children(), []);
    },
  },
  {
    name: 'a stopped run can go on from each of its checkpoints; what is taken again is said before',
    async run() {
      const [checkpoints] = await (await runLine('halted')).children();
      const [, second] = await checkpoints!.children();
      assert.deepEqual([second!.label, second!.context], ['step 2', 'checkpoint:resumable']);
      const [question] = await asked('finetune.resumeFrom', [second!.node], nothing);
      assert.deepEqual([question?.text, question?.choices], ['Resume halted from step 2?', ['Resume']]);
      assert.equal((await runLine('halted')).context, 'run:stopped');
    },
  },
  {
    name: 'a run that goes on is active and becomes finished by itself',
    async run() {
      const live = await writeLiveRun(runsFolder(), 'live');
      await until(async () => assert.equal((await group('Active')).at(0)?.context, 'run:running'));
      await live.end();
      await until(async () => assert.deepEqual(await group('Active'), []));
      assert.equal((await runLine('live')).context, 'run:completed');
    },
  },
  {
    name: 'rename, note and pin are kept with the run and shown',
    async run() {
      const { node } = await runLine('halted');
      const [question] = await asked('finetune.rename', [node], () => 'try with <script>alert(1)</script>');
      assert.equal(question?.value, 'halted');
      await asked('finetune.note', [node], () => 'stopped too early');
      await asked('finetune.pin', [node], () => undefined);
      assert.deepEqual(labelOf('halted'), {
        name: 'try with <script>alert(1)</script>',
        note: 'stopped too early',
        pinned: true,
      });
      const line = await until(() => runLine('try with <script>alert(1)</script>'));
      assert.equal(line.context, 'run:stopped:pinned');
      await asked('finetune.unpin', [line.node], () => undefined);
      await asked('finetune.rename', [line.node], () => '');
      await asked('finetune.note', [line.node], () => '');
      await until(async () => assert.equal((await runLine('halted')).context, 'run:stopped'));
      assert.deepEqual(labelOf('halted'), {});
    },
  },
  {
    name: 'a click on a line works while the line is drawn anew: its command needs nothing that the editor forgets then',
    async run() {
      const run = await runLine('done');
      const lines = [run, ...(await run.children())];
      const clicked = lines.flatMap(({ command }) => command ?? []);
      assert.ok(clicked.length >= 4, 'the run, its samples, config and log');
      for (const { command, arguments: needed } of clicked)
        assert.deepEqual([command, needed], ['finetune.openItem', undefined]);
    },
  },
  {
    name: 'the trash asks, keeps the run aside, and gives it back',
    async run() {
      const { node } = await runLine('gone');
      const refused = await asked('finetune.trash', [node], () => undefined);
      assert.equal(refused.length, 1);
      assert.ok(existsSync(path.join(runsFolder(), 'gone')));
      await asked('finetune.trash', [node], ({ choices }) => choices[0]);
      await until(() => assert.ok(existsSync(path.join(runsFolder(), 'gone'))), 5000);
      await until(() => runLine('gone'));
      await asked('finetune.trash', [node], ({ kind, choices }) => (kind === 'warning' ? choices[0] : undefined));
      assert.ok(!existsSync(path.join(runsFolder(), 'gone')));
      assert.ok(existsSync(path.join(workspace(), '.finetune', 'trash', 'gone')));
      await until(async () => assert.deepEqual(await group('Interrupted'), []));
    },
  },
  {
    name: 'several runs go to the trash with one question and come back with one undo; one that goes on stays',
    async run() {
      const live = await writeLiveRun(runsFolder(), 'busy');
      const nodes = await until(async () => [
        (await runLine('busy')).node,
        (await runLine('done')).node,
        (await runLine('torn')).node,
      ]);
      const questions = await asked('finetune.trash', [nodes[1], nodes], ({ kind, choices }) =>
        kind === 'warning' ? choices[0] : undefined,
      );
      assert.ok(existsSync(live.folder));
      assert.ok(!existsSync(path.join(runsFolder(), 'done')));
      assert.ok(!existsSync(path.join(runsFolder(), 'torn')));
      assert.ok(questions.some(({ kind, choices }) => kind === 'message' && choices.includes('Undo')));
      await live.end();
    },
  },
  {
    name: 'filter, grouping and order change what is listed',
    async run() {
      await asked('finetune.filter', [], () => 'crashed');
      await until(async () =>
        assert.deepEqual(
          (await explorer()).map(({ label }) => label),
          ['Failed'],
        ),
      );
      await asked('finetune.clearFilter', [], () => undefined);
      await vscode.commands.executeCommand('finetune.groupByConfig');
      await until(async () =>
        assert.ok(
          (await explorer()).some(
            ({ label, context }) => label === 'quickstart.finetune.yaml' && context === 'group:config',
          ),
        ),
      );
      await asked('finetune.sort', [], ({ choices }) => choices.find((label) => label === 'Name'));
      const names = (await group('quickstart.finetune.yaml')).map(({ label }) => label);
      assert.deepEqual(
        names,
        names.toSorted((a, b) => a.localeCompare(b)),
      );
      await asked('finetune.sort', [], ({ choices }) => choices[0]);
      await vscode.commands.executeCommand('finetune.groupByState');
      await until(async () => assert.ok((await explorer()).some(({ label }) => label === 'Failed')));
    },
  },
];
