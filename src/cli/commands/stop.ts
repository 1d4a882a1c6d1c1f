// finetune stop: ends a run, after a last checkpoint unless it has to be at once.
import { basename } from 'node:path';
import type { DefineCommand } from '../program.ts';
import { findLiveRun } from '../liveRun.ts';
import { jsonOption, type JsonOption } from '../options.ts';
import { printJson, printLines } from '../terminal.ts';
import { findRunsFolder } from '../workspace.ts';
import { isLiveStatus, openRun } from '../../runs/store.ts';
import { stopRun } from '../../runs/stopRun.ts';
import { lastOf } from '../../protocol/series.ts';

interface StopOptions extends JsonOption {
  readonly now?: boolean;
}

const help = `
Without a name it stops the only run that is going on.

Examples:
  finetune stop
  finetune stop support-2026 --now`;

export const define: DefineCommand = (command, terminal) => {
  command
    .argument('[run]', 'id of a run or its beginning, or its folder')
    .option('--now', 'end at once and save nothing; the last checkpoint stays')
    .addOption(jsonOption('how the run was left'))
    .addHelpText('after', help)
    .action(async (wanted: string | undefined, options: StopOptions) => {
      const folder = await findLiveRun(findRunsFolder(process.cwd()), wanted);
      const before = await openRun(folder);
      const id = basename(folder);
      if (isLiveStatus(before.status)) {
        if (!options.json && !options.now) printLines(terminal, [`Stopping ${id} after its current step …`]);
        await stopRun(folder, options.now ? 'now' : 'save');
      }
      const { status, state } = await openRun(folder);
      const checkpoint = state.checkpoints.at(-1);
      const step = lastOf(state.steps)?.step ?? 0;
      if (options.json) {
        printJson(terminal, { id, folder, status, step, checkpoint: checkpoint?.path ?? null });
        return;
      }
      const saved = checkpoint ? `the last checkpoint is of step ${checkpoint.step}` : 'there is no checkpoint';
      const was = isLiveStatus(before.status) ? 'is now' : 'was already';
      printLines(terminal, [`${id} ${was} ${status.replace('_', ' ')} at step ${step}; ${saved}.`]);
    });
};
