// finetune resume: a paused run goes on; a stopped, failed or interrupted one starts again from its last checkpoint.
import { basename } from 'node:path';
import type { DefineCommand } from '../program.ts';
import { jsonOption, runArgument } from '../options.ts';
import { attachToTrainer } from '../runCommand.ts';
import { tellRun } from '../tellRun.ts';
import { printJson, printLines } from '../terminal.ts';
import { findRunsFolder } from '../workspace.ts';
import { packageFile } from '../../platform/packageFile.ts';
import { resumeRun } from '../../runs/startRun.ts';
import { findRun, openRun } from '../../runs/store.ts';

interface ResumeOptions {
  readonly detach?: boolean;
  readonly json?: boolean;
}

const help = `
A stopped run goes on as if it had never stopped: same rows, same losses.

Examples:
  finetune resume
  finetune resume support-2026 --detach`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument(...runArgument)
    .option('-d, --detach', 'return at once')
    .addOption(jsonOption('the events from here on, one JSON object a line,'))
    .addHelpText('after', help)
    .action(async (wanted: string, options: ResumeOptions) => {
      const folder = await findRun(findRunsFolder(process.cwd()), wanted);
      const { status, state } = await openRun(folder);
      const id = basename(folder);
      if (status === 'paused') {
        const step = await tellRun(folder, 'resume');
        if (options.json) printJson(terminal, { id, folder, status: 'running', step });
        else printLines(terminal, [`${id} goes on after step ${step}. finetune watch shows it.`]);
        return;
      }
      const run = await resumeRun(folder, { trainer: packageFile('dist/trainer.js'), fromSeq: state.nextSeq });
      const shown = { json: options.json ?? false, detach: options.detach ?? false };
      done(await attachToTrainer(run, shown, terminal));
    });
};
