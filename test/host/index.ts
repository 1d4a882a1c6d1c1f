// What the editor calls in its extension host: the tests for the kind of workspace that is open.
import * as vscode from 'vscode';
import { costTests } from './costTests.ts';
import { explorerTests } from './explorerTests.ts';
import { runTests } from './harness.ts';
import { hostileTests } from './hostileTests.ts';
import { multiRootTests } from './multiRootTests.ts';
import { startTests } from './startTests.ts';
import { textsTests } from './textsTests.ts';

export async function run(): Promise<void> {
  const single = vscode.workspace.workspaceFolders?.length === 1;
  await runTests(
    single ? [...startTests, ...textsTests, ...explorerTests, ...costTests, ...hostileTests] : multiRootTests,
  );
}
