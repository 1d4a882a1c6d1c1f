// finetune pause: holds a run between two steps; its memory stays taken.
import { basename } from 'node:path';
import type { DefineCommand } from '../program.ts';
import { findLiveRun } from '../liveRun.ts';
import { jsonOption, type JsonOption } from '../options.ts';
import { tellRun } from '../tellRun.ts';
import { printJson, printLines } from '../terminal.ts';
import { findRunsFolder } from '../workspace.ts';

const help = `
Without a name it pauses the only run that is going on.
A paused run keeps its memory; finetune stop gives it back, with a checkpoint.

Examples:
  finetune pause
  finetune pause support-2026`;

export const define: DefineCommand = (command, terminal) => {
  command
    .argument('[run]', 'id of a run or its beginning, or its folder')
    .addOption(jsonOption('how the run was left'))
    .addHelpText('after', help)
    .action(async (wanted: string | undefined, options: JsonOption) => {
      const folder = await findLiveRun(findRunsFolder(process.cwd()), wanted);
      const step = await tellRun(folder, 'pause');
      const id = basename(folder);
      if (options.json) printJson(terminal, { id, folder, status: 'paused', step });
      else printLines(terminal, [`${id} is paused after step ${step}. finetune resume lets it go on.`]);
    });
};
