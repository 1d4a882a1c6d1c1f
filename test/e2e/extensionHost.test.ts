// Tests that run inside VS Code's extension host (test/host): commands, the explorer's tree, start, queue, several folders.
import { appendFile, cp, readdir, readFile, writeFile } from 'node:fs/promises';
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

  /** Opens a workspace with the tests in its host and waits for what came of them; looks after it every few seconds. */
  async function hostReport(
    workspace: string,
    lookAfter = (): Promise<void> => Promise.resolve(),
  ): Promise<HostReport> {
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
    let looks = 0;
    await until(async () => {
      if (++looks % 50 === 0) await lookAfter();
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
    // On a busy machine a window now and then has none of its workspace's folders; it reads them when their file changes.
    const noFolders = opened.window.page.getByText('No Folder Opened');
    const readAgain = async (): Promise<void> => {
      if (await noFolders.isVisible()) await appendFile(workspace, '\n');
    };
    expectAllGreen(await hostReport(workspace, readAgain), 3);
  });
});
