// The language features as a person meets them in a real VS Code: completion, hover, quick fix, fix all with its preview,
// import, and the line above a config that starts it.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startEditor, type Editor } from '../../scripts/code-server.mjs';
import { runsFolderOf } from '../../src/runs/layout.ts';
import { listRuns } from '../../src/runs/store.ts';
import { until } from '../support/editorCase.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { chromiumArguments, openWorkbench, patience, type Workbench } from '../support/workbench.ts';

const shots = resolve('test-results/language');

describeWith(['chromium', 'editor'], 'configs in VS Code', () => {
  let scratch: string;
  let folder: string;
  let editor: Editor;
  let browser: Browser;
  let window: Workbench;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'finetune-language-'));
    folder = join(scratch, 'quickstart');
    await mkdir(shots, { recursive: true });
    await cp('examples/quickstart', folder, { recursive: true, filter: (file) => !file.includes('.finetune/') });
    await writeFile(join(folder, 'mine.finetune.yaml'), config);
    await writeFile(join(folder, 'odd.jsonl'), odd);
    await writeFile(join(folder, 'list.json'), JSON.stringify(list, null, 2));
    await writeFile(join(folder, 'wrong.finetune.yaml'), wrong);
    await writeFile(join(folder, 'axolotl.yaml'), axolotl);
    await writeFile(join(folder, 'brief.finetune.json'), JSON.stringify(brief, null, 2));
    const vsix = join(scratch, 'extension.vsix');
    await promisify(execFile)(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix]);
    editor = await startEditor({ vsix, settings: { 'workbench.colorTheme': 'Default Dark Modern' } });
    browser = await chromium.launch({ executablePath: requiredPath('chromium'), args: chromiumArguments });
    window = await openWorkbench(browser);
    await window.open(editor.address(folder));
    await openFile('mine.finetune.yaml');
    // The first underline is the server's: it is there.
    await window.page.locator('.squiggly-error').first().waitFor({ timeout: 60_000 });
    // It moves all lines down by one.
    await window.page.locator('.codelens-decoration').first().waitFor();
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

  const config =
    'version: 1\nmodel: ./starter-model\ndata:\n  train: orders.train.jsonl\n  cutoff_len: 128\ntraining:\n  learning_rate: 2e-4\n';
  const odd = ['Paris', 'Rome', 'Oslo'].map((city) => `{"text": "${city} is a ci\\u200bty."}\n`).join('');
  /** No config names it, so that only a check looks at its rows. */
  const list = [{ text: 'Paris is a ci\u200bty.' }, { text: 'Rome is a city.' }];
  const wrong =
    'version: 1\nmodel: ./starter-model\ndata:\n  train: orders.train.jsonl\n  cutoff_len: 128\ntraining:\n  num_train_epochs: 2\n';
  const axolotl =
    'base_model: ./starter-model\nadapter: lora\nlora_r: 8\ndatasets:\n  - path: orders.train.jsonl\n    type: alpaca\nmicro_batch_size: 2\nnum_epochs: 1\n';
  /** Ends by itself after two steps. */
  const brief = {
    ...{ version: 1, model: './starter-model', device: 'cpu', method: 'full' },
    data: { train: 'orders.train.jsonl', validation: 0, max_length: 64 },
    training: { max_steps: 2, batch_size: 2, learning_rate: 0.001 },
  };
  // The editor shows spaces as ones that do not break.
  const line = (text: string): Locator =>
    window.page
      .locator('.monaco-editor .view-line')
      .filter({ hasText: new RegExp(text.replaceAll(' ', '\\s')) })
      .first();

  async function openFile(name: string): Promise<void> {
    const { page } = window;
    // A panel that is still loading takes the focus, which closes the list of files.
    await until(async () => {
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+P');
      await page.locator('.quick-input-widget input').first().fill(name, { timeout: patience });
      const found = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name }).first();
      await found.click({ timeout: patience });
      await page.locator('.tab.active').filter({ hasText: name }).waitFor({ timeout: patience });
    });
    await page.locator('.monaco-editor .view-line').first().waitFor();
  }

  test('a hover tells what a field does, what is in effect and why', async () => {
    await line('learning_rate').getByText('learning_rate').hover();
    const hover = window.page.locator('.monaco-hover').filter({ hasText: 'training.learning_rate' });
    await hover.waitFor();
    expect(await hover.innerText()).toMatch(
      /Usual: 5e-5 to 5e-4 for lora[\s\S]*In effect: 2e-4 \(written in this file\)/,
    );
  });

  test("a quick fix takes our name for another tool's", async () => {
    // The menu of an editor that has not yet asked for the fixes says that there are none, and stays so.
    await until(async () => {
      await window.page.keyboard.press('Escape');
      await line('cutoff_len').getByText('cutoff_len').click();
      await window.page.keyboard.press('Control+.');
      const fix = window.page.locator('.action-widget').getByText('Change to max_length').first();
      await fix.waitFor({ timeout: patience });
    });
    await window.screenshot(join(shots, 'quick-fix-menu.png'));
    await window.page.keyboard.press('Enter');
    await line('max_length: 128').waitFor();
    await window.page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    await window.page.keyboard.press('Control+S');
    await vi.waitFor(async () =>
      expect(await readFile(join(folder, 'mine.finetune.yaml'), 'utf8')).toBe(
        config.replace('cutoff_len', 'max_length'),
      ),
    );
  });

  test('a completion writes a field, and then its value', async () => {
    await window.page.keyboard.press('Control+End');
    await window.page.keyboard.type('  optim');
    const widget = window.page.locator('.suggest-widget.visible');
    await widget.getByText('optimizer').first().waitFor();
    await window.screenshot(join(shots, 'completion-names.png'));
    await window.page.keyboard.press('Enter');
    await widget.getByText('sgd').first().waitFor();
    await window.page.keyboard.type('sg');
    await window.page.keyboard.press('Enter');
    await line('optimizer: sgd').waitFor();
  });

  test('rows of a dataset are mended by a quick fix, and all others after a preview', async () => {
    const { page } = window;
    const fixes = page.locator('.action-widget');
    const fixNext = async (title: string): Promise<void> => {
      await page.keyboard.press('F8');
      await page.locator('.peekview-widget, .marker-widget').first().waitFor();
      await page.keyboard.press('Escape');
      // Findings that are told anew close the list of fixes.
      await vi.waitFor(
        async () => {
          await page.keyboard.press('Control+.');
          await fixes.getByText(title).click({ timeout: 5000 });
        },
        { timeout: 60_000 },
      );
    };
    await openFile('odd.jsonl');
    await page.locator('.squiggly-warning').nth(2).waitFor({ timeout: 60_000 });
    await fixNext('Remove the invisible characters');
    await vi.waitFor(async () => expect(await page.locator('.squiggly-warning').count()).toBe(2), { timeout: 30_000 });
    await fixNext('Fix all form/zero-width in this file…');
    // Nothing is changed before it is ticked and applied.
    const preview = page.locator('.bulk-edit-panel');
    await preview.locator('.edit-checkbox').first().click();
    await window.screenshot(join(shots, 'fix-all-preview.png'));
    await preview.getByRole('button', { name: 'Apply' }).click();
    await page.locator('.squiggly-warning').first().waitFor({ state: 'detached' });
    await page.keyboard.press('Control+S');
    const saved = () => readFile(join(folder, 'odd.jsonl'), 'utf8');
    await vi.waitFor(async () => expect(await saved()).toBe(odd.replaceAll('\\u200b', '')), { timeout: 30_000 });
  });

  test('Check Dataset lists what is found in a file that nobody else looks at, and a click opens its place', async () => {
    const { page } = window;
    await openFile('list.json');
    await line('Paris').waitFor();
    expect(await page.locator('.squiggly-warning').count()).toBe(0);
    await window.command('Check Dataset');
    const problem = page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'form/zero-width' });
    await problem.first().waitFor();
    await page.locator('.squiggly-warning').first().waitFor();
    await window.screenshot(join(shots, 'check-dataset.png'));
    await problem.first().dblclick();
    await page.locator('#status\\.editor\\.selection').getByText('Ln 3,').waitFor();
    await page.keyboard.press('Control+J');
  });

  test('fix all mends every name of another tool at once', async () => {
    await openFile('wrong.finetune.yaml');
    await window.page.locator('.squiggly-error').first().waitFor();
    await window.anyCommand('Fix All');
    await line('max_length: 128').waitFor();
    const mended = wrong.replace('cutoff_len', 'max_length').replace('num_train_', '');
    await window.page.keyboard.press('Control+S');
    await vi.waitFor(
      async () => expect(await readFile(join(folder, 'wrong.finetune.yaml'), 'utf8')).toBe(mended),
      10_000,
    );
  });

  test("Import Config… makes a config of ours out of another tool's", async () => {
    await window.command('Import Config');
    const input = window.page.locator('.quick-input-widget input').first();
    await input.waitFor();
    await input.fill(join(folder, 'axolotl.yaml'));
    await window.page.keyboard.press('Enter');
    await line('rank: 8').waitFor();
    const imported = await readFile(join(folder, 'axolotl.finetune.yaml'), 'utf8');
    expect(imported).toMatch(/model: \.\/starter-model[\s\S]*train: orders\.train\.jsonl[\s\S]*rank: 8/);
    await window.page.locator('.monaco-editor .view-line').filter({ hasText: 'micro_batch_size' }).first().waitFor();
  });

  test('the line above a config tells what it costs and starts it; afterwards it tells what was measured', async () => {
    await window.page.keyboard.press('Control+K');
    await window.page.keyboard.press('Control+W');
    await openFile('brief.finetune.json');
    const above = window.page.locator('.codelens-decoration');
    await above.getByText('estimate', { exact: true }).waitFor();
    expect((await above.innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /▶ Start ?\| ?Dry run ?\| ?[\d.]+ .B of [\d.]+ .B available ?\| ?2 steps in [\d.]+ s ?\| ?[\d.]+ .B on disk ?\| ?\d+ % of tokens trained ?\| ?estimate/,
    );
    await window.screenshot(join(shots, 'line-above-a-config.png'));
    await above.getByText('▶ Start').click();
    await vi.waitFor(
      async () =>
        expect((await listRuns(runsFolderOf(folder))).runs.map(({ status }) => status)).toEqual(['completed']),
      { timeout: 120_000, interval: 200 },
    );
    // A dashboard that comes later than the end of so short a run would lie in front of the file.
    await window.dashboard().locator('[data-chart=loss] canvas').waitFor();
    await openFile('brief.finetune.json');
    await above.getByText('measured by the last run').waitFor();
  });
});
