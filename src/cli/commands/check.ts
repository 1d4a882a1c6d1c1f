// finetune check: what is wrong with a config and its data, like a linter, and what the rows are like in tokens.
import type { DefineCommand } from '../program.ts';
import { checkRun } from '../check/checkRun.ts';
import { exitCodes } from '../exitCodes.ts';
import { exitCodeOf } from '../failure.ts';
import { jsonOption, setOption, type JsonOption } from '../options.ts';
import { checkLines } from '../render/check.ts';
import { stageLine } from '../render/stage.ts';
import { printJson, printLines, statusLine } from '../terminal.ts';
import { ProblemError } from '../../protocol/problem.ts';

interface CheckCommandOptions extends JsonOption {
  readonly set: readonly string[];
  readonly configOnly?: boolean;
}

const help = `
Opens the model (a hub id is downloaded) and reads all rows; nothing is trained.
The tokens go to the cache, so the run that follows does not make them again.

Exit codes: 0 no errors, 1 errors in model or data, 2 errors in the config.

Examples:
  finetune check my.finetune.yaml
  finetune check my.finetune.yaml --config-only
  finetune check my.finetune.yaml --json | jq ".problems[].code"`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<config>', 'a .finetune.yaml or .json file')
    .addOption(setOption())
    .option('--config-only', 'look at the config alone')
    .addOption(jsonOption('one document'))
    .addHelpText('after', help)
    .action(async (file: string, options: CheckCommandOptions) => {
      const status = statusLine(terminal);
      const report = await checkRun(file, {
        overrides: options.set,
        configOnly: options.configOnly ?? false,
        onModel: (progress) => status.show(stageLine(progress, terminal.columns)),
        onData: (progress) => status.show(stageLine(progress, terminal.columns)),
      }).finally(() => status.clear());
      if (options.json) printJson(terminal, report);
      else printLines(terminal, checkLines(report, terminal.style, process.cwd()));
      const errors = report.problems.filter(({ severity }) => severity === 'error');
      done(errors.length === 0 ? exitCodes.done : exitCodeOf(new ProblemError(errors)));
    });
};
