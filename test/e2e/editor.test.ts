// The extension as it is shipped, in a real VS Code: install the VSIX, start from the palette, watch, kill, stop, resume.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startEditor, type Editor } from '../../scripts/code-server.mjs';
import { setFields } from '../../src/config/edit.ts';
import { formatLoss } from '../../src/metrics/numberText.ts';
import { lastOf } from '../../src/protocol/series.ts';
import { startMark } from '../../src/runs/processLife.ts';
import { runsFolderOf } from '../../src/runs/layout.ts';
import { openRun, type OpenedRun } from '../../src/runs/store.ts';
import { chromiumArguments, openWorkbench, type Workbench } from '../support/workbench.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';

const shots = resolve('test-results/editor');

describeWith(['chromium', 'editor'], 'the packed extension in VS Code', () => {
  let scratch: string;
  let folder: string;
  let editor: Editor;
  let browser: Browser;
  let window: Workbench;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'finetune-e2e-'));
    folder = join(scratch, 'quickstart');
    await mkdir(shots, { recursive: true });
    await cp('examples/quickstart', folder, { recursive: true, filter: (file) => !file.includes('.finetune/') });
    const vsix = join(scratch, 'extension.vsix');
    await promisify(execFile)(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix]);
    editor = await startEditor({ vsix, settings: { 'workbench.colorTheme': 'Default Dark Modern' } });
    browser = await chromium.launch({ executablePath: requiredPath('chromium'), args: chromiumArguments });
    window = await openWorkbench(browser);
    await window.open(editor.address(folder));
  });
  afterEach(async ({ task }) => {
    await window.screenshot(join(shots, `${task.name.replace(/\W+/g, '-').slice(0, 60)}.png`));
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
    await editor?.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Runs that the workspace has, newest first. */
  async function runs(): Promise<OpenedRun[]> {
    const root = runsFolderOf(folder);
    const names = await readdir(root).catch(() => []);
    const opened = await Promise.all(names.map((name) => openRun(join(root, name))));
    return opened.toSorted((a, b) => b.manifest.created.localeCompare(a.manifest.created));
  }
  const newest = async (): Promise<OpenedRun> => (await runs())[0]!;
  const step = (run: OpenedRun): number => lastOf(run.state.steps)?.step ?? 0;
  const until = <T>(check: () => Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 120_000, interval: 100 });

  async function startWith(fields: Readonly<Record<string, number>>): Promise<void> {
    const file = join(folder, 'quickstart.finetune.yaml');
    await writeFile(file, setFields(await readFile(file, 'utf8'), fields));
    await window.command('Start Fine-Tune');
    await window.choose('quickstart.finetune.yaml');
  }

  test('a run that is started from the palette finishes, and the dashboard shows its numbers', async () => {
    await startWith({ 'training.max_steps': 30, 'evaluation.every': 15 });
    const board = window.dashboard();
    await board.getByText('30 / 30').waitFor({ timeout: 180_000 });
    const { state, status } = await until(async () => {
      const run = await newest();
      expect(run.status).toBe('completed');
      return run;
    });
    expect(status).toBe('completed');
    await board
      .getByText(formatLoss(lastOf(state.steps)!.loss), { exact: true })
      .first()
      .waitFor();
    await board
      .getByText(formatLoss(state.evaluations.chunks.at(-1)!.at(-1)!.loss))
      .first()
      .waitFor();
    await board.getByText('complete', { exact: true }).first().waitFor();
    await window.run('quickstart').waitFor();
    await window.page.locator('.sidebar').getByText('Finished').waitFor();
  });

  test('a run goes on when the whole server is killed, and is seen again afterwards', async () => {
    await startWith({ 'training.max_steps': 2000, 'evaluation.every': 1000 });
    await until(async () => expect((await runs()).length).toBe(2));
    await until(async () => expect(step(await newest())).toBeGreaterThan(3));
    await editor.restart();
    const before = step(await newest());
    await window.open(editor.address(folder));
    await until(async () => expect(step(await newest())).toBeGreaterThan(before));
    const { state } = await newest();
    expect(state.gaps).toEqual([]);
    expect(state.processes).toBe(1);
    await window.run(/step \d+\/2/).click();
    await window
      .dashboard()
      .getByText(/^\d+ \/ 2 000$/)
      .waitFor();
  });

  test('stop now ends the process within two seconds, and the explorer says so', async () => {
    const { manifest } = await newest();
    await window.command('Stop Now');
    const begun = performance.now();
    await window.answer('Stop Now');
    await until(async () => expect(await startMark(manifest.process!.pid)).toBeUndefined());
    expect(performance.now() - begun).toBeLessThan(2500);
    await window.run('stopped').waitFor();
  });

  test('stop and save leaves a checkpoint from which the run goes on', async () => {
    await startWith({ 'training.max_steps': 2000 });
    await until(async () => expect((await runs()).length).toBe(3));
    await until(async () => expect(step(await newest())).toBeGreaterThan(3));
    await window.command('Stop and Save');
    const stopped = await until(async () => {
      const run = await newest();
      expect(run.status).toBe('stopped');
      return run;
    });
    expect(stopped.state.checkpoints.at(-1)?.step).toBe(step(stopped));
    await window.command('Resume');
    await window.choose(`step ${step(stopped)}/`);
    await until(async () => expect(step(await newest())).toBeGreaterThan(step(stopped)));
    await window.command('Stop Now');
    await window.answer('Stop Now');
    await until(async () => expect((await newest()).status).toBe('stopped'));
  });
});
