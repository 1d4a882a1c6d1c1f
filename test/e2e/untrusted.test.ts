// A folder that nobody trusts: configs and runs are read and told about, nothing is started; trusted, everything is there.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPaths, runsFolderOf } from '../../src/runs/layout.ts';
import { openEditorCase, until, type EditorCase } from '../support/editorCase.ts';
import { hello, started, step } from '../support/runEvents.ts';
import { makeRunFolder } from '../support/runFolders.ts';
import { describeWith } from '../support/requirements.ts';
import { patience } from '../support/workbench.ts';

describeWith(['chromium', 'editor'], 'a folder that is not trusted', () => {
  let opened: EditorCase;

  beforeAll(async () => {
    opened = await openEditorCase({
      trustEverything: false,
      settings: { 'security.workspace.trust.startupPrompt': 'never' },
      async prepare(folder) {
        await writeFile(join(folder, 'wrong.finetune.yaml'), 'version: 1\nmodle: ./starter-model\n');
        const facts = { id: 'earlier', status: 'interrupted' as const };
        await makeRunFolder(runsFolderOf(folder), facts, [hello, started, step(1, 2), step(2, 1.5)]);
        await writeFile(runPaths(join(runsFolderOf(folder), 'earlier')).log, 'warm\n');
      },
    });
  });
  afterAll(() => opened?.close());

  /** Commands of ours that the palette offers for a text. */
  async function offered(text: string): Promise<string[]> {
    const { window } = opened;
    let titles: string[] = [];
    await window.palette(text, async (entries) => {
      await entries.first().waitFor({ timeout: patience });
      titles = await entries.locator('.label-name').allInnerTexts();
    });
    await window.page.keyboard.press('Escape');
    return titles.map((title) => title.replaceAll('\u00A0', ' '));
  }

  test('configs are checked and runs are shown, but nothing can be started', async () => {
    const { window } = opened;
    await window.page.locator('.statusbar').getByText('Restricted Mode').waitFor();
    await window.run('earlier').click();
    const board = window.dashboard();
    await board.locator('[data-chart=loss] canvas').waitFor();
    await board.getByRole('heading', { name: 'earlier' }).waitFor();
    expect(await board.getByRole('button', { name: 'Resume' }).count()).toBe(0);
    await opened.screenshot('untrusted-dashboard');
    const { page } = window;
    await window.run('earlier').locator('.monaco-tl-twistie').click();
    await page.locator('.sidebar .monaco-list-row[aria-level="3"]').filter({ hasText: 'Log' }).click();
    await page.locator('.tabs-container').getByText('trainer.log').waitFor();
    await window.page.keyboard.press('Control+P');
    await window.page.locator('.quick-input-widget input').first().fill('wrong.finetune.yaml');
    await window.choose('wrong.finetune.yaml');
    await window.page.locator('.squiggly-error').first().waitFor();
    expect(await offered('Fine-Tune: ')).not.toContain('Fine-Tune: Start Fine-Tune');
    expect(await offered('Fine-Tune: Open Dash')).toContain('Fine-Tune: Open Dashboard');
    await opened.screenshot('untrusted-config');
    expect((await opened.runs()).length).toBe(1);
  });

  test('when it is trusted, runs can be started at once', async () => {
    const { window } = opened;
    await window.page.locator('.statusbar').getByText('Restricted Mode').click();
    await window.page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true }).click();
    await window.page.locator('.statusbar').getByText('Restricted Mode').waitFor({ state: 'detached' });
    // Newer editors show that page in front of everything.
    const trustPage = window.page.locator('.workspace-trust-editor');
    await trustPage.press('Escape');
    await trustPage.waitFor({ state: 'detached' });
    await until(async () => expect(await offered('Fine-Tune: Start')).toContain('Fine-Tune: Start Fine-Tune'), 120_000);
    await window.run('earlier').click();
    await window.dashboard().getByRole('button', { name: 'Resume' }).waitFor();
  });
});
