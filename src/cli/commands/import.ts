// finetune import: a config of another tool becomes one of ours, with a report of every key.
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Option } from 'commander';
import type { DefineCommand } from '../program.ts';
import { exitCodes } from '../exitCodes.ts';
import { jsonOption, type JsonOption } from '../options.ts';
import { plainText } from '../render/text.ts';
import { printJson, printLines } from '../terminal.ts';
import { importConfig } from '../../config/import/importConfig.ts';
import { toolNames } from '../../config/import/recognise.ts';
import { reportLines } from '../../config/import/report.ts';
import type { Tool } from '../../config/import/source.ts';
import { findDatasetInfo } from '../../data/datasetInfo.ts';
import { problem } from '../../protocol/problem.ts';

interface ImportOptions extends JsonOption {
  readonly from?: Tool;
  readonly out?: string;
  readonly force?: boolean;
}

const help = `
Reads Axolotl's YAML; LLaMA-Factory's YAML, JSON and command lines; TRL's YAML,
command lines and Python; Unsloth's scripts, notebooks and YAML. Nothing of the
source is run. Every key of it is told: mapped, changed or without a
counterpart. docs/import.md has the tables.

Exit codes: 0 imported, 2 not a config of these tools.

Examples:
  finetune import lora.yml
  finetune import train.sh --from trl --out my.finetune.yaml
  finetune import notebook.ipynb --out - > my.finetune.yaml`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<file>', 'a config, script, shell script or notebook')
    .addOption(new Option('--from <tool>', 'whose config it is, where that is not seen').choices(toolNames))
    .option('--out <file>', 'where to write, - for stdout (default: <name>.finetune.yaml)')
    .option('--force', 'write over a file that is there')
    .addOption(jsonOption('one document, the config in it'))
    .addHelpText('after', help)
    .action(async (file: string, options: ImportOptions) => {
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        throw problem('cli/cannot-read-config', `The file cannot be read: ${reasonOf(error)}.`, { file });
      });
      const imported = importConfig(text, file, { from: options.from, datasetInfo: await findDatasetInfo(file) });
      const toScreen = options.out === '-';
      const out = options.out ?? `${basename(file).replace(/\.[^.]+$/, '')}.finetune.yaml`;
      if (!toScreen) await write(out, imported.text, options.force ?? false);
      const lines = reportLines(imported.report).map(plainText);
      if (options.json) printJson(terminal, { out: toScreen ? undefined : out, ...imported });
      else if (toScreen) {
        terminal.write(imported.text);
        terminal.writeError(`${lines.join('\n')}\n`);
      } else printLines(terminal, [`Wrote ${out}`, ...lines]);
      done(exitCodes.done);
    });
};

async function write(file: string, text: string, force: boolean): Promise<void> {
  await writeFile(file, text, { flag: force ? 'w' : 'wx' }).catch((error: unknown) => {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const sentence = isThere
      ? `${file} is there already. Name another with --out, or write over it with --force.`
      : `${file} cannot be written: ${reasonOf(error)}.`;
    throw problem('cli/cannot-write-config', sentence, { file });
  });
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EISDIR') return 'it is a folder';
  return error instanceof Error ? error.message : String(error);
}
