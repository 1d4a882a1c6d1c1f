// The token lens in a real VS Code: tints and counts of the quickstart's dataset, under the config that names it.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEditor, type Editor } from '../../scripts/code-server.mjs';
import { encodingOf } from '../../src/data/prepareDataset.ts';
import { encodeRecord } from '../../src/data/template/encodeRecord.ts';
import { openModel } from '../../src/models/openModel.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { chromiumArguments, openWorkbench, type Workbench } from '../support/workbench.ts';

const shots = resolve('test-results/lens');
const themes = [
  { name: 'Light Modern', kind: 'vs' },
  { name: 'Dark High Contrast', kind: 'hc-black' },
  { name: 'Light High Contrast', kind: 'hc-light' },
  { name: 'Dark Modern', kind: 'vs-dark' },
];

describeWith(['chromium', 'editor'], 'the token lens in VS Code', () => {
  let scratch: string;
  let folder: string;
  let editor: Editor;
  let browser: Browser;
  let window: Workbench;
  const input = () => window.page.locator('.quick-input-widget input').first();

  async function openFile(typed: string, name = typed): Promise<void> {
    await window.page.keyboard.press('Control+P');
    await input().fill(typed);
    await window.choose(name);
  }

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'finetune-lens-'));
    folder = join(scratch, 'quickstart');
    await mkdir(shots, { recursive: true });
    await cp('examples/quickstart', folder, { recursive: true, filter: (file) => !file.includes('.finetune/') });
    const rows = join(folder, 'orders.held-out.jsonl');
    await writeFile(rows, (await readFile(rows, 'utf8')).split('\n').slice(0, 4).join('\n'));
    const run = [resolve('dist/cli.js'), 'start', 'quickstart.finetune.yaml', '--set', 'training.max_steps=2'];
    await promisify(execFile)(process.execPath, run, { cwd: folder });
    const vsix = join(scratch, 'extension.vsix');
    await promisify(execFile)(process.execPath, ['scripts/package-vsix.mjs', '--out', vsix]);
    const settings = {
      'workbench.colorTheme': 'Default Dark Modern',
      'editor.wordWrap': 'on',
      'editor.minimap.enabled': false,
    };
    editor = await startEditor({ vsix, settings });
    browser = await chromium.launch({ executablePath: requiredPath('chromium'), args: chromiumArguments });
    window = await openWorkbench(browser);
    await window.open(editor.address(folder));
  });
  afterAll(async () => {
    await window?.close();
    await browser?.close();
    await editor?.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  });

  /** What the data room makes of the first row. */
  async function firstRow(maxLength: number): Promise<{ tokens: number; trained: number; cut: number }> {
    const line = (await readFile(join(folder, 'orders.train.jsonl'), 'utf8')).split('\n')[0]!;
    const { instruction, output } = JSON.parse(line) as { instruction: string; output: string };
    const model = await openModel('./starter-model', { baseDirectory: folder });
    const options = await encodingOf(
      { baseDirectory: folder, template: 'chat', trainOn: 'assistant', maxLength, overflow: 'truncate' },
      model,
    );
    const record = { kind: 'instruction', sampleId: 'row', instruction, input: '', output } as const;
    const { tokens, trainedTokens, truncatedTokens } = encodeRecord(record, options);
    return { tokens: tokens.length, trained: trainedTokens, cut: truncatedTokens };
  }
  /** Text of the lines in view, decorations included; the editor writes spaces as no-break spaces. */
  const lines = async (): Promise<string> =>
    window.page.evaluate<string>(`
      [...document.querySelectorAll('.monaco-editor .view-lines')]
        .map((view) => [view.textContent, ...[...view.querySelectorAll('span')].map((span) => getComputedStyle(span, '::after').content)].join('\\n'))
        .join('\\n').replaceAll('\\u00a0', ' ')`);
  const shows = async (text: string): Promise<void> => {
    await expect.poll(lines, { timeout: 60_000, interval: 200 }).toContain(text);
  };

  test('rows have the counts of the data room and tints, and the status bar names the config', async () => {
    await openFile('orders.train.jsonl');
    const { tokens, trained } = await firstRow(256);
    await shows(`${tokens} tokens · ${trained} trained`);
    await window.page.locator('.statusbar-item', { hasText: 'quickstart.finetune.yaml' }).waitFor();
    await window.screenshot(join(shots, 'dark.png'));
  });

  test('a hover names token, id and position', async () => {
    const line = window.page.locator('.monaco-editor .view-line').first();
    await line.locator('span', { hasText: 'send' }).last().hover();
    const hover = window.page.locator('.monaco-hover', { hasText: /id \d+ · position \d+ · user · masked/ });
    await hover.first().waitFor({ timeout: 30_000 });
    await window.screenshot(join(shots, 'hover.png'));
    await window.page.keyboard.press('Escape');
  });

  test('after a run the rows in view show its losses, in the hover too', async () => {
    await window.command('Show Token Losses');
    await expect.poll(lines, { timeout: 60_000, interval: 200 }).toMatch(/tokens · \d+ trained · loss \d/);
    const line = window.page.locator('.monaco-editor .view-line').first();
    await line.locator('span', { hasText: 'card' }).last().hover();
    const hover = window.page.locator('.monaco-hover', { hasText: /trained · loss [\d.]+ \([\d.]+ %\)/ });
    await hover.first().waitFor({ timeout: 30_000 });
    await window.screenshot(join(shots, 'losses.png'));
    await window.page.keyboard.press('Escape');
    await window.command('Hide Token Losses');
    await expect.poll(lines, { timeout: 30_000, interval: 200 }).not.toMatch(/ · loss /);
  });

  test('a shorter max_length that is typed into the config cuts the rows, also before it is saved', async () => {
    const text = await readFile(join(folder, 'quickstart.finetune.yaml'), 'utf8');
    const line = text.split('\n').findIndex((each) => each.includes('max_length:')) + 1;
    await openFile(`quickstart.finetune.yaml:${line}`, 'quickstart.finetune.yaml');
    await window.page.locator('.monaco-editor .view-line', { hasText: 'max_length' }).first().click();
    await window.page.keyboard.press('End');
    await window.page.keyboard.press('Shift+Home');
    await window.page.keyboard.type('max_length: 40');
    await window.page.keyboard.press('Escape');
    await openFile('orders.train.jsonl');
    const { tokens, trained, cut } = await firstRow(40);
    await shows(`${tokens} tokens · ${trained} trained · ${cut} cut off`);
    await window.screenshot(join(shots, 'cut.png'));
  });

  test.each(themes)('in $name', async ({ name, kind }) => {
    await window.anyCommand('Preferences: Color Theme');
    await input().fill(name);
    await window.page.keyboard.press('Enter');
    await window.page.locator(`.monaco-workbench.${kind}`).waitFor();
    await shows('trained');
    await window.screenshot(join(shots, `${name.replace(/\W+/g, '-')}.png`));
  });
});
