// Texts that are only read: the doctor's, a problem report. Nothing is to be saved, and nothing copied before a person says so.
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { asked, nothing } from './answers.ts';
import { until, type HostTest } from './harness.ts';

const front = (): vscode.TextDocument | undefined => vscode.window.activeTextEditor?.document;

const tabs = (label: string): number =>
  vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => tab.label === label).length;

async function isNeverSaved(name: string, text: RegExp): Promise<void> {
  await until(() => assert.equal(front()?.uri.path, `/${name}`));
  const document = front()!;
  assert.match(document.getText(), text);
  assert.deepEqual([document.isUntitled, document.isDirty], [false, false]);
}

export const textsTests: HostTest[] = [
  {
    name: 'what the doctor says is a text of no disk; called again, it is the same tab',
    async run() {
      await asked('finetune.doctor', [], nothing);
      await isNeverSaved('Doctor.txt', /memory/i);
      await asked('finetune.doctor', [], nothing);
      assert.equal(tabs('Doctor.txt'), 1);
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await until(() => assert.equal(tabs('Doctor.txt'), 0));
    },
  },
  {
    name: 'a problem report is shown before a person is asked whether to copy it',
    async run() {
      // Before it the run is asked for, where there is one.
      const questions = await asked('finetune.reportProblem', [], nothing);
      assert.deepEqual(questions.at(-1)?.choices, ['Copy Report']);
      await isNeverSaved('Problem Report.md', /^# Problem with Fine-Tune Workbench/);
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    },
  },
];
