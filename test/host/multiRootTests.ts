// Two folders in one window: runs of both are listed, and a run lies in the folder of its config.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { asked, nothing } from './answers.ts';
import { until, type HostTest } from './harness.ts';
import { writeSampleRuns } from './sampleRuns.ts';
import { group } from './tree.ts';

const roots = (): string[] => vscode.workspace.workspaceFolders!.map(({ uri }) => uri.fsPath);

export const multiRootTests: HostTest[] = [
  {
    name: 'configs of both folders are offered',
    async run() {
      await until(() => assert.equal(roots().length, 2));
      await until(async () => {
        const [question] = await asked('finetune.start', [], nothing);
        assert.deepEqual(question!.choices.slice(0, 2), ['quickstart', 'quickstart']);
      });
    },
  },
  {
    name: 'runs of both folders are listed',
    async run() {
      for (const root of roots()) await writeSampleRuns(root);
      await until(async () => assert.equal((await group('Finished')).length, 2));
    },
  },
  {
    name: 'a run of the second folder is started there',
    async run() {
      const runs = path.join(roots()[1]!, '.finetune', 'runs');
      const before = readdirSync(runs).length;
      const first = readdirSync(path.join(roots()[0]!, '.finetune', 'runs')).length;
      const config = vscode.Uri.file(path.join(roots()[1]!, 'quickstart.finetune.yaml'));
      await asked('finetune.start', [config], nothing);
      assert.equal(readdirSync(runs).length, before + 1);
      assert.equal(readdirSync(path.join(roots()[0]!, '.finetune', 'runs')).length, first);
      const [line] = await until(async () => {
        const lines = await group('Active');
        assert.equal(lines.length, 1);
        return lines;
      });
      await asked('finetune.stopNow', [line!.node], ({ choices }) => choices[0]);
      await until(async () => assert.deepEqual(await group('Active'), []));
      assert.ok(existsSync(runs));
    },
  },
];
