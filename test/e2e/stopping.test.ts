// Ending a run from the editor: at once, or with a checkpoint from which it goes on.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { lastOf, toArray } from '../../src/protocol/series.ts';
import { expectChartOf } from '../support/dashboardReader.ts';
import { openEditorCase, stepOf, until, untilNewest, type EditorCase } from '../support/editorCase.ts';
import { livingOfGroup } from '../support/editorProcesses.ts';
import { describeWith } from '../support/requirements.ts';

const long = { 'training.max_steps': 2000, 'evaluation.every': 1000, 'checkpoints.every': 1000 };

describeWith(['chromium', 'editor'], 'stopping a run', () => {
  let opened: EditorCase;

  beforeAll(async () => {
    opened = await openEditorCase();
  });
  afterEach(async ({ task }) => {
    await opened.screenshot(task.name);
    await opened.endRuns();
  });
  afterAll(() => opened?.close());

  test('stop now ends the whole process group within two seconds, and the explorer says so', async () => {
    const { window } = opened;
    await opened.start(long);
    const { manifest } = await untilNewest(opened, (run) => stepOf(run) > 3, 'it trains');
    const group = manifest.process!.pid;
    expect(await livingOfGroup(group)).toContain(group);
    await window.command('Stop Now');
    const begun = performance.now();
    await window.answer('Stop Now');
    await until(async () => expect(await livingOfGroup(group)).toEqual([]));
    expect(performance.now() - begun).toBeLessThan(2000);
    await window.group('Stopped').waitFor();
    expect(await window.group('Active').count()).toBe(0);
  });

  test('stop and save leaves a checkpoint from which the run goes on, with no step lost or done twice', async () => {
    const { window } = opened;
    await opened.start(long);
    await untilNewest(opened, (run) => stepOf(run) > 3, 'it trains');
    await window.command('Stop and Save');
    const stopped = await untilNewest(opened, ({ status }) => status === 'stopped', 'it has stopped');
    const last = stepOf(stopped);
    expect(stopped.state.checkpoints.at(-1)?.step).toBe(last);
    await window.command('Resume');
    await window.choose(`step ${last}/`);
    const after = await untilNewest(opened, (run) => stepOf(run) > last + 3, 'it goes on');
    expect(after.folder).toBe(stopped.folder);
    expect(after.state.processes).toBe(2);
    await window.command('Stop and Save');
    const done = await untilNewest(opened, ({ status }) => status === 'stopped', 'it has stopped again');
    const steps = toArray(done.state.steps).map(({ step }) => step);
    expect(steps).toEqual(steps.map((_, index) => index + 1));
    expect(lastOf(done.state.steps)!.step).toBe(done.state.checkpoints.at(-1)?.step);
    await window.group('Active').waitFor({ state: 'detached' });
    await window.group('Stopped').waitFor();
    await until(() => expectChartOf(window.dashboard(), done), 10_000);
  });
});
