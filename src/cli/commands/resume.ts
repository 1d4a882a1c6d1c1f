// finetune resume: a paused run goes on; a stopped, failed or interrupted one starts again from its last checkpoint.
import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { DefineCommand } from '../program.ts';
import { jsonOption, numberBetween, runArgument, setOption } from '../options.ts';
import { problem } from '../../protocol/problem.ts';
import type { RunState } from '../../protocol/runState.ts';
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
  readonly processes?: number;
  readonly from?: number;
  readonly set: readonly string[];
}

const help = `
A stopped run goes on as if it had never stopped: same rows, same losses.

Examples:
  finetune resume
  finetune resume support-2026 --detach
  finetune resume support-2026 --from step-20   # takes the steps after 20 again
  finetune resume support-2026 --processes 1   # when a GPU has gone
  finetune resume support-2026 --set training.gradient_checkpointing=true`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument(...runArgument)
    .option('-d, --detach', 'return at once')
    .option('--from <checkpoint>', 'go on from this checkpoint, such as step-20; later ones are removed', stepOf)
    .option('--processes <number>', 'train in another number of processes from here on', numberBetween(1, 4096, true))
    .addOption(setOption())
    .addOption(jsonOption('the events from here on, one JSON object a line,'))
    .addHelpText('after', help)
    .action(async (wanted: string, options: ResumeOptions) => {
      const folder = await findRun(findRunsFolder(process.cwd()), wanted);
      const { status, state } = await openRun(folder);
      const id = basename(folder);
      if (status === 'paused' && options.from === undefined && options.set.length === 0) {
        const step = await tellRun(folder, 'resume');
        if (options.json) printJson(terminal, { id, folder, status: 'running', step });
        else printLines(terminal, [`${id} goes on after step ${step}. finetune watch shows it.`]);
        return;
      }
      const processes = options.processes === undefined ? [] : [`distributed.processes=${options.processes}`];
      if (processes.length > 0) refuseEmbedded(state);
      const overrides = [...options.set, ...processes];
      const from = options.from === undefined ? {} : { from: options.from };
      const trainer = packageFile('dist/trainer.js');
      const run = await resumeRun(folder, { trainer, fromSeq: state.nextSeq, overrides, ...from });
      const shown = { json: options.json ?? false, detach: options.detach ?? false };
      done(await attachToTrainer(run, shown, terminal));
    });
};

/** `step-20`, `checkpoints/step-20` or `20`. */
function stepOf(text: string): number {
  const digits = /^(?:.*\bstep-)?(\d{1,15})\/?$/.exec(text)?.[1];
  if (digits === undefined) throw new InvalidArgumentError('Write the name of a checkpoint, such as step-20.');
  return Number(digits);
}

function refuseEmbedded({ started }: RunState): void {
  if (started === undefined || started.config['engine'] === 'torch') return;
  throw problem('cli/one-process', 'This run is computed by the embedded engine, which has one process.');
}
