// Tests that run inside VS Code's extension host (test/host): commands, the explorer's tree, start, queue, several folders.
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEditorCase, until, type EditorCase } from '../support/editorCase.ts';
import { describeWith } from '../support/requirements.ts';
import { reportName, type HostReport } from '../host/harness.ts';

describeWith(['chromium', 'editor'], 'in the extension host', () => {
  let opened: EditorCase;
  let extension: string;

  beforeAll(async () => {
    // The editor hands its API to extensions by folder: tests inside the extension's own get the same one.
    opened = await openEditorCase({
      arguments: ['--enable-smoke-test-driver'],
      settings: { 'finetune.start.preflight': 'config', 'finetune.start.openDashboard': false },
      prepare: (folder) => writeFile(join(folder, 'broken.txt'), 'version: 1\nmodle: ./starter-model\n'),
    });
    const { extensions } = opened.editor;
    const [name] = (await readdir(extensions)).filter((each) => each.startsWith('finetune-workbench.'));
    extension = join(extensions, name!);
    await build({
      entryPoints: ['test/host/index.ts'],
      outfile: join(extension, 'host-tests', 'index.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.19',
      external: ['vscode'],
      define: { 'import.meta.url': '__ownUrl' },
      banner: { js: "const __ownUrl = require('node:url').pathToFileURL(__filename).href;" },
    });
  });
  afterAll(() => opened?.close());

  /** Opens a workspace with the tests in its host and waits for what came of them. */
  async function hostReport(workspace: string): Promise<HostReport> {
    const remote = (file: string): string => `vscode-remote://127.0.0.1:${opened.editor.port}${file}`;
    const payload = [
      ['extensionDevelopmentPath', remote(extension)],
      ['extensionTestsPath', remote(join(extension, 'host-tests', 'index.cjs'))],
      ['enableProposedApi', ''],
      ['skipWelcome', 'true'],
    ];
    const file = join(extension, 'host-tests', reportName);
    await writeFile(file, JSON.stringify({ results: [], done: false } satisfies HostReport));
    const log: string[] = [];
    await opened.window.goto(opened.editor.address(workspace, { payload: JSON.stringify(payload) }), (line) =>
      log.push(line),
    );
    let report: HostReport = { results: [], done: false };
    await until(async () => {
      report = JSON.parse(await readFile(file, 'utf8')) as HostReport;
      expect(
        report.done,
        `${report.results.map(({ name, failure }) => `${name}: ${failure ?? 'green'}`).join('\n')}\n${log.slice(-5).join('\n')}`,
      ).toBe(true);
    }, 200_000);
    return report;
  }

  function expectAllGreen({ results }: HostReport, least: number): void {
    for (const { name, failure } of results)
      process.stdout.write(failure === undefined ? `✓ ${name}\n` : `× ${name}\n${failure}\n`);
    expect(results.filter(({ failure }) => failure !== undefined)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(least);
  }

  test('commands, start, queue and explorer do what they should', async () => {
    expectAllGreen(await hostReport(opened.folder), 20);
  });

  test('a window with two folders shows and starts runs of both', async () => {
    const folders = ['one', 'two'].map((name) => join(opened.scratch, name));
    for (const folder of folders)
      await cp('examples/quickstart', folder, { recursive: true, filter: (file) => !file.includes('.finetune/') });
    const workspace = join(opened.scratch, 'both.code-workspace');
    await writeFile(workspace, JSON.stringify({ folders: folders.map((path) => ({ path })) }));
    // On a busy machine a window that opens a workspace for the first time may never get its folders; the next remembers them.
    const { window } = opened;
    await until(async () => {
      await window.page.goto(opened.editor.address(workspace));
      await window.page.locator('.activitybar a[aria-label^="Explorer"]').waitFor({ timeout: 60_000 });
      await window.page.keyboard.press('Control+Shift+E');
      const lines = window.page.locator('.explorer-folders-view .monaco-list-row');
      for (const name of ['one', 'two']) await lines.getByText(name, { exact: true }).waitFor({ timeout: 20_000 });
    });
    expectAllGreen(await hostReport(workspace), 3);
  });
});
