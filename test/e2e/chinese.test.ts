// An editor in Chinese: explorer, palette, dashboard and the problems of a config speak it too.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runsFolderOf } from '../../src/runs/layout.ts';
import { openEditorCase, type EditorCase } from '../support/editorCase.ts';
import { describeWith } from '../support/requirements.ts';
import { patience } from '../support/workbench.ts';
import { hello, started, step } from '../support/runEvents.ts';
import { makeRunFolder } from '../support/runFolders.ts';

describeWith(['chromium', 'editor'], 'an editor in Chinese', () => {
  let opened: EditorCase;

  beforeAll(async () => {
    opened = await openEditorCase({
      language: 'zh-cn',
      async prepare(folder) {
        await writeFile(join(folder, 'wrong.finetune.yaml'), 'version: 1\nmodle: ./starter-model\n');
        const facts = { id: 'earlier', status: 'interrupted' as const };
        await makeRunFolder(runsFolderOf(folder), facts, [hello, started, step(1, 2), step(2, 1.5)]);
      },
    });
  });
  afterAll(() => opened?.close());

  test('explorer, dashboard and palette', async () => {
    const { window } = opened;
    await window.page.locator('.sidebar').getByText('已中断').first().waitFor();
    await window.run('earlier').click();
    const board = window.dashboard();
    await board.locator('[data-chart=loss] canvas').waitFor();
    await board.getByRole('button', { name: '继续' }).first().waitFor();
    await window.palette('微调: 开始', (found) =>
      found.getByText('微调: 开始微调').first().waitFor({ timeout: patience }),
    );
    await opened.screenshot('chinese');
    await window.page.keyboard.press('Escape');
    // Whatever is left in English on the panel would be a sentence; names and numbers are not.
    const text = await board.locator('body').innerText();
    const english = text.split('\n').filter((line) => /[a-z]{3,} [a-z]{2,} [a-z]{2,}/i.test(line));
    expect(english).toEqual([]);
  });
});
