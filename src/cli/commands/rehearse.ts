// finetune rehearse: the engines check each other on the first steps of a plan.
import { InvalidArgumentError } from 'commander';
import type { DefineCommand } from '../program.ts';
import { exitCodes } from '../exitCodes.ts';
import { untilInterrupted } from '../interrupt.ts';
import { jsonOption, setOption, type JsonOption } from '../options.ts';
import { readConfigFile, runName } from '../readConfig.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { rehearsalLines } from '../render/rehearse.ts';
import { oneLine } from '../render/text.ts';
import { printJson, printLines, statusLine } from '../terminal.ts';
import { noteRehearsal, torchPlaces } from '../../torch/environment/record.ts';

interface RehearseOptions extends JsonOption {
  readonly set: readonly string[];
  readonly fullSize?: boolean;
  readonly steps: number;
}

const help = `
The embedded engine and PyTorch take the same steps from the same weights, with
the rows, mask and schedule of the config (its schedule in as few steps). What
differs by more than rounding is red, and a sentence says where it comes from.

Exit codes: 0 they agree, 1 they differ.

Examples:
  finetune rehearse my.finetune.yaml
  finetune rehearse my.finetune.yaml --full-size --steps 4`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<config>', 'a .finetune.yaml or .json file')
    .addOption(setOption())
    .option('--full-size', 'take the steps with the model itself, and not with a small random twin')
    .option('--steps <n>', 'steps to take', countOfSteps, 12)
    .addOption(jsonOption('one document'))
    .addHelpText('after', help)
    .action(async (file: string, options: RehearseOptions) => {
      const config = await readConfigFile(file, options.set);
      const status = statusLine(terminal);
      const rehearsal = await untilInterrupted((signal) =>
        rehearse({
          configFile: file,
          name: runName(config, file),
          overrides: options.set,
          fullSize: options.fullSize ?? false,
          steps: options.steps,
          onProgress: ({ message }) => status.show(oneLine(message, terminal.columns - 1)),
          signal,
        }),
      ).finally(() => status.clear());
      if (!rehearsal) {
        done(exitCodes.stopped);
        return;
      }
      await noteRehearsal(torchPlaces(), file, rehearsal.agrees);
      if (options.json) printJson(terminal, rehearsal);
      else printLines(terminal, rehearsalLines(rehearsal, terminal.columns, terminal.style));
      done(rehearsal.agrees ? exitCodes.done : exitCodes.failed);
    });
};

function countOfSteps(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw new InvalidArgumentError('a whole number from 1 to 1000.');
  return count;
}
