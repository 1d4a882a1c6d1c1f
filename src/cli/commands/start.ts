// finetune start: trains as a config says, in a process of its own that outlives this one.
import { resolve } from 'node:path';
import type { DefineCommand } from '../program.ts';
import { jsonOption, setOption } from '../options.ts';
import { readConfigFile, runName } from '../readConfig.ts';
import { attachToTrainer } from '../runCommand.ts';
import { findRunsFolder } from '../workspace.ts';
import { chooseEngine } from '../../config/engine.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import { packageFile } from '../../platform/packageFile.ts';
import { startRun } from '../../runs/startRun.ts';
import { readTorchRecord, torchPlaces } from '../../torch/environment/record.ts';

interface StartOptions {
  readonly set: readonly string[];
  readonly detach?: boolean;
  readonly json?: boolean;
}

const help = `
Ctrl+C stops the run after the current step and saves it; a second one stops
at once. Closing the terminal does not stop it: finetune watch shows it again.

Exit codes: 0 done, 1 failed, 2 wrong config or command line, 130 stopped.

Examples:
  finetune start my.finetune.yaml
  finetune start my.finetune.yaml --set training.learning_rate=1e-4 --set seed=7
  finetune start my.finetune.yaml --detach
  finetune start my.finetune.yaml --json | jq 'select(.loss).loss'`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<config>', 'a .finetune.yaml or .json file')
    .addOption(setOption())
    .option('-d, --detach', 'start and return at once')
    .addOption(jsonOption('the events of the run, one JSON object a line,'))
    .addHelpText('after', help)
    .action(async (file: string, options: StartOptions) => {
      const config = await readConfigFile(file, options.set);
      if (!options.json && (await isUnrehearsed(config, file))) terminal.writeError(`${offer(file)}\n`);
      const run = await startRun({
        configFile: file,
        name: runName(config, file),
        overrides: options.set,
        runsFolder: findRunsFolder(process.cwd()),
        trainer: packageFile('dist/trainer.js'),
      });
      const shown = { json: options.json ?? false, detach: options.detach ?? false };
      done(await attachToTrainer(run, shown, terminal));
    });
};

/** Whether PyTorch as it is installed has not been compared with the embedded engine for this config. */
async function isUnrehearsed(config: FinetuneConfig, file: string): Promise<boolean> {
  if (chooseEngine(config).engine !== 'torch' || (config.objective ?? 'sft') !== 'sft') return false;
  if (config.method === 'prefix') return false;
  const record = await readTorchRecord(torchPlaces());
  return record !== undefined && !(record.rehearsed ?? []).includes(resolve(file));
}

function offer(file: string): string {
  return `This PyTorch has not been compared with the embedded engine for this config; finetune rehearse ${file} does it.`;
}
