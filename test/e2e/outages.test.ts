// A run outlives whoever watches it: the window, the extension host and the whole server end at random moments, the run
// goes on, and afterwards every step is on the chart once. FINETUNE_REPEATS=7 does it with so many runs, each with other
// moments; FINETUNE_SEED chooses them.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectChartOf, stepsOfTable } from '../support/dashboardReader.ts';
import { openEditorCase, stepOf, until, untilNewest, type EditorCase } from '../support/editorCase.ts';
import { extensionHosts } from '../support/editorProcesses.ts';
import { shuffled, uniform } from '../support/random.ts';
import { describeWith } from '../support/requirements.ts';

const repeats = Number(process.env['FINETUNE_REPEATS'] ?? 1);
const seed = Number(process.env['FINETUNE_SEED'] ?? 1);
const run = { 'training.max_steps': stepsOfTable, 'training.batch_size': 16, 'evaluation.every': 40 };

const outages = {
  'the window is reloaded': async ({ window, editor, folder }) => {
    await window.open(editor.address(folder));
  },
  'the extension host is killed': async ({ window, editor, folder }) => {
    const hosts = await extensionHosts(editor.pid());
    expect(hosts.length).toBeGreaterThan(0);
    for (const host of hosts) process.kill(host, 'SIGKILL');
    await window.open(editor.address(folder));
  },
  'the whole server is killed': async ({ window, editor, folder }) => {
    await editor.restart('SIGKILL');
    await window.open(editor.address(folder));
  },
} satisfies Record<string, (opened: EditorCase) => Promise<void>>;

describeWith(['chromium', 'editor'], 'a run goes on', () => {
  let opened: EditorCase;
  const random = uniform(`outages ${seed}`);

  beforeAll(async () => {
    opened = await openEditorCase();
  });
  afterEach(async ({ task }) => {
    await opened.screenshot(task.name);
    await opened.endRuns();
  });
  afterAll(() => opened?.close());

  test.each(Array.from({ length: repeats }, (_, round) => round + 1))(
    'when the window is reloaded, the extension host is killed and the whole server is killed (%i)',
    async () => {
      await opened.start(run);
      const first = await opened.newest();
      const told: string[] = [];
      for (const [part, [name, outage]] of shuffled(Object.entries(outages), random).entries()) {
        // Anything from before the first step to the last quarter.
        const moment = Math.floor((part + random()) * 0.25 * stepsOfTable);
        await untilNewest(opened, (each) => stepOf(each) >= moment, `step ${moment} is done`);
        const before = await opened.newest();
        expect(before.status, 'the run goes on').not.toBe('completed');
        await outage(opened);
        await untilNewest(opened, (each) => stepOf(each) > stepOf(before), 'the run goes on');
        told.push(`${name} at step ${stepOf(before)}`);
      }
      await opened.window
        .run(/quickstart/)
        .first()
        .click();
      const completed = await untilNewest(opened, ({ status }) => status === 'completed', 'the run is completed');
      expect(completed.folder).toBe(first.folder);
      expect(completed.state.gaps).toEqual([]);
      expect(completed.state.processes, 'it was one process all the time').toBe(1);
      const board = opened.window.dashboard();
      await board.locator('.card.result').waitFor();
      await until(() => expectChartOf(board, completed), 10_000);
      process.stdout.write(`${told.join(', ')}: ${completed.state.steps.length} steps, each once\n`);
    },
  );
});
