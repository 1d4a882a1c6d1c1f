// What the extension does not do: load native code into the host, draw every run for one that changed, or feed a
// panel that nobody sees.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { encodeJsonLine } from '../../src/protocol/jsonLines.ts';
import { changeLabel } from '../../src/runs/label.ts';
import { runsFolderOf } from '../../src/runs/layout.ts';
import { hello, started, step } from '../support/runEvents.ts';
import { makeRunFolder } from '../support/runFolders.ts';
import { until, type HostTest } from './harness.ts';
import { writeLiveRun } from './sampleRuns.ts';
import { group, runLine, treeChanges } from './tree.ts';

const workspace = (): string => vscode.workspace.workspaceFolders![0]!.uri.fsPath;
const runsFolder = (): string => runsFolderOf(workspace());

/** Shared libraries and addons that this process holds. */
function loadedObjects(): readonly string[] {
  const report = process.report.getReport() as { readonly sharedObjects: readonly string[] };
  return report.sharedObjects;
}

function folderOf(node: unknown): unknown {
  return typeof node === 'object' && node !== null && 'folder' in node ? node.folder : node;
}

/** Dashboards opened while `work` runs count the messages that they are sent. */
async function countingMessages(
  work: (panel: () => vscode.WebviewPanel, sent: () => number) => Promise<void>,
): Promise<void> {
  const { window } = vscode;
  const before = window.createWebviewPanel;
  let panel: vscode.WebviewPanel | undefined;
  let sent = 0;
  const create: typeof window.createWebviewPanel = (...args) => {
    panel = before(...args);
    const { webview } = panel;
    const post = webview.postMessage.bind(webview);
    Object.assign(webview, { postMessage: (message: unknown) => ((sent += 1), post(message)) });
    return panel;
  };
  Object.assign(window, { createWebviewPanel: create });
  try {
    await work(
      () => {
        assert.ok(panel, 'no panel was opened');
        return panel;
      },
      () => sent,
    );
  } finally {
    Object.assign(window, { createWebviewPanel: before });
  }
}

export const costTests: HostTest[] = [
  {
    name: 'no native module is in the extension host: those of training and of the lens are in processes of their own',
    run() {
      const extension = vscode.extensions.getExtension('finetune-workbench.fine-tune-workbench')!;
      const own = loadedObjects().filter(
        (file) => file.startsWith(extension.extensionPath) || /onnxruntime|tensorflow|tfjs/i.test(file),
      );
      assert.deepEqual(own, []);
    },
  },
  {
    name: 'of more runs than a screen holds, all are listed, and one that changed refreshes one line',
    async run() {
      await vscode.commands.executeCommand('finetune.runs.focus');
      const ids = Array.from({ length: 150 }, (_, index) => `many-${index}`);
      for (const id of ids)
        await makeRunFolder(runsFolder(), { id, status: 'completed' }, [hello, started, step(1, 2)]);
      await until(async () => assert.ok((await group('Finished')).length >= 150));
      await until(async () => assert.match((await runLine('many-99')).description, /2\.0/));
      // What happened before may still be told; a change that always draws everything would never come out clean.
      let round = 0;
      await until(async () => {
        round += 1;
        const changes = await treeChanges();
        const folders = ['many-50', 'many-7'].map((id) => path.join(runsFolder(), id));
        for (const folder of folders) await changeLabel(folder, { note: `note ${round}` });
        await until(() => assert.ok(folders.every((folder) => changes.seen.map(folderOf).includes(folder))), 10_000);
        changes.dispose();
        assert.deepEqual(changes.seen.map(folderOf).toSorted(), folders);
      });
      for (const id of ids) await rm(path.join(runsFolder(), id), { recursive: true });
      await until(async () => assert.ok((await group('Finished')).length < 50));
    },
  },
  {
    name: 'a dashboard that is hidden is sent nothing, and everything when it is seen again',
    async run() {
      const live = await writeLiveRun(runsFolder(), 'hidden');
      let seq = 3;
      const go = (steps: number): void => {
        for (const last = seq + steps; seq < last; seq++) {
          const event = { seq, time: new Date().toISOString(), ...step(seq - 1, 1 + 1 / seq) };
          appendFileSync(path.join(live.folder, 'events.jsonl'), encodeJsonLine(event));
        }
      };
      const told = async (): Promise<void> =>
        until(async () => assert.match((await runLine('hidden')).description, new RegExp(`\\b${seq - 2}\\b`)));
      await countingMessages(async (panel, sent) => {
        const { node } = await until(() => runLine('hidden'));
        await vscode.commands.executeCommand('finetune.openDashboard', node);
        await until(() => assert.ok(sent() > 0, 'a snapshot'));
        const seen = sent();
        go(10);
        await until(() => assert.ok(sent() > seen, 'a delta'));
        await vscode.window.showTextDocument(vscode.Uri.file(path.join(workspace(), 'quickstart.finetune.yaml')));
        await until(() => assert.equal(panel().visible, false));
        await told();
        const hidden = sent();
        // The library, which looks every half second, tells these steps twice while the panel would have looked ten times.
        for (const steps of [40, 60]) {
          go(steps);
          await told();
        }
        assert.equal(sent(), hidden);
        panel().reveal();
        await until(() => assert.ok(sent() > hidden, 'a new snapshot'));
        panel().dispose();
      });
      await live.end();
    },
  },
];
