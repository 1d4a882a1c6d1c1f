// finetune quickstart: a small model learns a task in about a minute, measured before and after; also a self-test.
import type { DefineCommand } from '../program.ts';
import { jsonOption, setOption } from '../options.ts';
import { quickstartFiles } from '../quickstart/example.ts';
import { runQuickstart } from '../quickstart/quickstart.ts';
import { findRunsFolder } from '../workspace.ts';

interface QuickstartOptions {
  readonly set: readonly string[];
  readonly json?: boolean;
}

const help = `
The starter model reads orders such as "Ana wants 4 red cups by Friday." and
learns to answer with records. It is asked the same held-out orders before and
after; an answer counts only when every character is right. Nothing is
downloaded. The run is a run like any other, in .finetune/runs of this folder.

Exit codes: 0 the model has learned it, 1 it has not or the run has failed,
130 stopped.

Examples:
  finetune quickstart
  finetune quickstart --set lora.rank=4
  finetune quickstart --json`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .addOption(setOption())
    .addOption(jsonOption('one document with scores, answers and paths'))
    .addHelpText('after', help)
    .action(async ({ set, json = false }: QuickstartOptions) => {
      const runsFolder = findRunsFolder(process.cwd());
      done(await runQuickstart({ files: quickstartFiles, overrides: set, runsFolder, json }, terminal));
    });
};
