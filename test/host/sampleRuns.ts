// Runs of every kind in the workspace, written as a trainer would have left them.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EventDraft } from '../../src/protocol/events.ts';
import { runsFolderOf } from '../../src/runs/layout.ts';
import { ownMark } from '../../src/runs/processLife.ts';
import { evaluated, failed, finished, hello, started, step } from '../support/runEvents.ts';
import { makeRunFolder, withProcess } from '../support/runFolders.ts';
import { runRecord } from '../support/runRecords.ts';

/** One finished with two checkpoints, one failed, one stopped with two, one whose process died, one broken, one foreign folder. */
export async function writeSampleRuns(workspace: string): Promise<string> {
  const runsFolder = runsFolderOf(workspace);
  const config = path.join(workspace, 'quickstart.finetune.yaml');
  const steps = [hello, started, step(1, 2), step(2, 1.5), step(3, 1.25)];
  const checkpoint = (at: number): EventDraft => ({
    type: 'checkpoint',
    step: at,
    path: `checkpoints/step-${at}`,
    bytes: 4096,
    seconds: 0.1,
    reason: 'scheduled',
    removed: [],
  });
  const done = [...steps, checkpoint(2), { ...evaluated, step: 3 }, checkpoint(3), { ...finished, step: 3 }];
  const folder = await makeRunFolder(runsFolder, { id: 'done', status: 'completed', config }, done);
  await makeRunFolder(runsFolder, { id: 'crashed', status: 'failed', config }, [...steps, failed]);
  const stopped = [...steps, checkpoint(2), checkpoint(3)];
  const halted = await makeRunFolder(runsFolder, { id: 'halted', status: 'stopped', config }, stopped);
  for (const at of [2, 3]) {
    for (const run of [folder, halted]) await mkdir(path.join(run, 'checkpoints', `step-${at}`), { recursive: true });
  }
  await makeRunFolder(runsFolder, { id: 'gone', status: 'interrupted', config }, steps);
  await mkdir(path.join(runsFolder, 'torn'), { recursive: true });
  await writeFile(path.join(runsFolder, 'torn', 'run.json'), '{"version": 1, "id": "torn", "na');
  await mkdir(path.join(runsFolder, 'photos'), { recursive: true });
  await writeFile(path.join(runsFolder, 'photos', 'holiday.jpg'), 'not a run');
  return runsFolder;
}

/** A run that goes on as long as this process does; `end` lets it be completed. */
export async function writeLiveRun(runsFolder: string, id: string): Promise<{ folder: string; end(): Promise<void> }> {
  const config = path.join(path.dirname(path.dirname(runsFolder)), 'quickstart.finetune.yaml');
  const folder = await makeRunFolder(runsFolder, { id, status: 'running', config }, [hello, started, step(1, 2)]);
  const write = async (state: 'running' | 'completed'): Promise<void> => {
    const { manifest } = runRecord({ id, status: state, config });
    await writeFile(path.join(folder, 'run.json'), JSON.stringify(withProcess(manifest, await ownMark())));
  };
  await write('running');
  return { folder, end: () => write('completed') };
}
