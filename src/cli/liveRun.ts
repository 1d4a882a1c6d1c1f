// The run that stop, pause and resume mean when none is named: the only one that is going on.
import { problem } from '../protocol/problem.ts';
import { findRun, isLiveStatus, listRuns } from '../runs/store.ts';

/** The folder of the named run, or of the only live one. Throws `cli/no-live-run` and `cli/several-live-runs`. */
export async function findLiveRun(runsFolder: string, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) return findRun(runsFolder, wanted);
  const running = (await listRuns(runsFolder)).runs.filter((run) => isLiveStatus(run.status));
  const [only, second] = running;
  if (!only) throw problem('cli/no-live-run', 'No run is going on here.', { file: runsFolder });
  if (second) {
    const ids = running.map((run) => run.manifest.id);
    throw problem('cli/several-live-runs', 'Several runs are going on. Name one of them.', { file: runsFolder }, ids);
  }
  return only.folder;
}
