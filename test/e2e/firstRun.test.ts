// What a new person does: a fresh profile, the packed extension, the quickstart folder, Start Fine-Tune from the palette.
// FINETUNE_REPEATS=20 does it so many times; FINETUNE_WHOLE=1 with the quickstart as it is, not with a short one.
import { expect, test } from 'vitest';
import type { EditorVersion } from '../../scripts/code-server.mjs';
import { expectChartOf, expectFinalNumbers } from '../support/dashboardReader.ts';
import { openEditorCase, untilNewest } from '../support/editorCase.ts';
import { describeWith } from '../support/requirements.ts';

const repeats = Number(process.env['FINETUNE_REPEATS'] ?? 1);
const short = { 'training.max_steps': 30, 'training.batch_size': 8, 'evaluation.every': 15 };
const whole = process.env['FINETUNE_WHOLE'] === '1';

function cases(version: EditorVersion): void {
  test.each(Array.from({ length: repeats }, (_, index) => index + 1))(
    'a run that is started from the palette finishes, and the dashboard shows its numbers (%i)',
    async (number) => {
      const begun = performance.now();
      const opened = await openEditorCase({ version, whole });
      const { window } = opened;
      try {
        await opened.start(whole ? {} : short);
        const run = await untilNewest(opened, ({ status }) => status === 'completed', 'the run is completed');
        const board = window.dashboard();
        await board.locator('.card.result').waitFor();
        await expectChartOf(board, run);
        await expectFinalNumbers(board, run);
        await window.run('quickstart').waitFor();
        await window.page.locator('.sidebar').getByText('Finished').waitFor();
        expect(run.state.gaps).toEqual([]);
        expect(window.elsewhere(), 'nothing is asked of another machine').toEqual([]);
        const seconds = ((performance.now() - begun) / 1000).toFixed(1);
        process.stdout.write(`${version} ${number}: ${run.state.steps.length} steps, green after ${seconds} s\n`);
      } finally {
        await opened.screenshot(`first-run-${version}`);
        await opened.close();
      }
    },
  );
}

describeWith(['chromium', 'editor'], 'the packed extension in the newest VS Code', () => cases('newest'));
describeWith(['chromium', 'minimum-editor'], 'the packed extension in the oldest VS Code that it is for', () =>
  cases('minimum'),
);
