// The dataset preview in a real VS Code: opens beside the text, row and line follow each other, a conversion can be undone.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startEditor, type Editor } from '../../scripts/code-server.mjs';
import { chromiumArguments, openWorkbench, type Workbench } from '../support/workbench.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';

const shots = resolve('test-results/editor');

describeWith(['chromium', 'editor'], 'the dataset preview in VS Code', () => {
  let scratch: string;
  let file: string;
  let editor: Editor;
  let browser: Browser;
  let window: Workbench;
  const rows = Array.from({ length: 40 }, (_, i) => ({
    instruction: `Question ${i + 1}?`,
    output: `Answer ${i + 1}.`,
  }));
  const text = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'finetune-e2e-preview-'));
    const folder = join(scratch, 'work');
    await mkdir(folder, { recursive: true });
    await mkdir(shots, { recursive: true });
    file = join(folder, 'rows.jsonl');
    await writeFile(file, text);
    // There from the beginning: the editor's search for files takes its time to know new ones.
    const turns = [
      { role: 'customer', content: 'Hello?' },
      { role: 'agent', content: 'Hello.' },
    ];
    await writeFile(join(folder, 'chats.jsonl'), `${JSON.stringify({ messages: turns })}\n`);
    const vsix = join(scratch, 'extension.vsix');
    await promisify(execFile)(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix]);
    editor = await startEditor({ vsix, settings: { 'workbench.colorTheme': 'Default Dark Modern' } });
    browser = await chromium.launch({ executablePath: requiredPath('chromium'), args: chromiumArguments });
    window = await openWorkbench(browser);
    await window.open(editor.address(folder));
  });
  afterEach(async ({ task }) => {
    await window.screenshot(join(shots, `preview-${task.name.replace(/\W+/g, '-').slice(0, 50)}.png`));
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
    await editor?.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  });

  const status = () => window.page.locator('#status\\.editor\\.selection');

  test('opens beside its text, and shows the first rows', async () => {
    const { page } = window;
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input').first().fill('rows.jsonl');
    await window.choose('rows.jsonl');
    await page.locator('.monaco-editor .view-lines').first().getByText('Question 1?').waitFor();
    await window.command('Open Dataset Preview');
    await window.dashboard().getByText('Question 1?', { exact: true }).waitFor({ timeout: 60_000 });
    await window.dashboard().getByText('40 rows', { exact: true }).waitFor();
  });

  test('a row opens its line, and the cursor selects its row', async () => {
    const { page } = window;
    await window.dashboard().getByText('Question 5?', { exact: true }).click();
    await window.dashboard().getByRole('heading', { name: 'Row 5', exact: true }).waitFor();
    await window.dashboard().getByRole('button', { name: 'Open line' }).click();
    await status().getByText('Ln 5, Col 1').waitFor();
    await page.keyboard.press('ArrowDown');
    await window.dashboard().getByRole('heading', { name: 'Row 6', exact: true }).waitFor();
  });

  test('a conversion is one edit, and undo brings the text back', async () => {
    const { page } = window;
    await window.dashboard().getByRole('button', { name: 'More actions' }).click();
    await window.dashboard().getByRole('menuitem', { name: 'Convert …' }).click();
    await window.choose('messages');
    await window.choose('One row for each row');
    await page.locator('.monaco-editor .view-lines').first().getByText('"role":"user"').first().waitFor();
    const saved = () => readFile(file, 'utf8');
    await page.keyboard.press('Control+S');
    await vi.waitFor(async () => expect(await saved()).toContain('"role":"assistant"'), { timeout: 30_000 });
    await page.keyboard.press('Control+Z');
    await page.keyboard.press('Control+S');
    await vi.waitFor(async () => expect(await saved()).toBe(text), { timeout: 30_000 });
    await window.dashboard().getByText('instruction', { exact: false }).first().waitFor();
  });

  test('roles are renamed as one edit', async () => {
    const { page } = window;
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input').first().fill('chats.jsonl');
    await window.choose('chats.jsonl');
    await page.locator('.tab.active', { hasText: 'chats.jsonl' }).waitFor();
    // The extension knows which file is in front: it has found that nobody has these roles.
    await page.locator('.squiggly-error').first().waitFor();
    await window.command('Convert Dataset');
    await window.choose('Rename roles …');
    // Both are marked already: no format knows them.
    await page.locator('.quick-input-list').getByText('customer').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-list').getByText('as it is').waitFor();
    await window.choose('user');
    await page.locator('.quick-input-list').getByText('agent').waitFor();
    await window.choose('assistant');
    await page.locator('.monaco-editor .view-lines').getByText('"role":"assistant"').first().waitFor();
    await page.keyboard.press('Control+Z');
    await page.locator('.monaco-editor .view-lines').getByText('"agent"').first().waitFor();
  });

  test('an excluded row goes into the sidecar', async () => {
    // The list may stand anywhere: it follows the cursor.
    await window.dashboard().locator('input[placeholder="Search the texts of rows"]').fill('Question 7?');
    await window.dashboard().getByText('Question 7?', { exact: true }).first().click();
    await window.dashboard().getByRole('heading', { name: 'Row 7', exact: true }).waitFor();
    await window.dashboard().getByRole('button', { name: 'Exclude', exact: true }).click();
    await window.dashboard().getByText('1 excluded').waitFor();
    expect(await readFile(`${file}.lint.yaml`, 'utf8')).toMatch(/^exclude:\n {2}- '[\da-f]{16}' # line 7\n$/);
  });
});
