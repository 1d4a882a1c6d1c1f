// finetune estimate: what a run will cost, measured on its own first sequences.
import { text as readAll } from 'node:stream/consumers';
import type { DefineCommand } from '../program.ts';
import { estimateRun } from '../estimate.ts';
import { exitCodes } from '../exitCodes.ts';
import { untilInterrupted } from '../interrupt.ts';
import { jsonOption, setOption, type JsonOption } from '../options.ts';
import { readConfigFile, runName } from '../readConfig.ts';
import { estimateLines } from '../render/estimate.ts';
import { oneLine } from '../render/text.ts';
import { printJson, printLines, statusLine } from '../terminal.ts';
import { readMemory } from '../../platform/memory.ts';

interface EstimateOptions extends JsonOption {
  readonly set: readonly string[];
  readonly stdin?: boolean;
}

const help = `
Prepares the run as start does and measures two of its sequences.

Examples:
  finetune estimate my.finetune.yaml
  finetune estimate my.finetune.yaml --set lora.rank=64 --json
  finetune estimate my.finetune.yaml --stdin < edited.yaml`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<config>', 'a .finetune.yaml or .json file')
    .addOption(setOption())
    .option('--stdin', 'read the config from standard input; the file says where its paths begin')
    .addOption(jsonOption('one document'))
    .addHelpText('after', help)
    .action(async (file: string, options: EstimateOptions) => {
      const text = options.stdin === true ? await readAll(process.stdin) : undefined;
      const config = await readConfigFile(file, options.set, text);
      const status = statusLine(terminal);
      const memory = await readMemory();
      const report = await untilInterrupted((signal) =>
        estimateRun({
          configFile: file,
          configText: text,
          name: runName(config, file),
          overrides: options.set,
          onProgress: ({ message }) => status.show(oneLine(message, terminal.columns - 1)),
          signal,
        }),
      ).finally(() => status.clear());
      if (!report) done(exitCodes.stopped);
      else if (options.json) printJson(terminal, { ...report, memory });
      else printLines(terminal, estimateLines(report, memory, terminal.style, process.cwd()));
    });
};
