// finetune setup torch: a private Python environment, with consent; or one that a person has; or away with it.
import { createInterface } from 'node:readline/promises';
import { resolve } from 'node:path';
import { Argument, Option } from 'commander';
import { exitCodes } from '../exitCodes.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { DefineCommand } from '../program.ts';
import { chosenLines, consentLines, installedLines } from '../render/setup.ts';
import { printJson, printLines, type Terminal } from '../terminal.ts';
import { problem } from '../../protocol/problem.ts';
import { examineTorch } from '../../torch/environment/examine.ts';
import { findTorch } from '../../torch/environment/find.ts';
import { adopt, install, isInstalled, lockHash, planInstall, removeTorch } from '../../torch/environment/install.ts';
import { readTorchRecord, torchPlaces, type TorchPlaces } from '../../torch/environment/record.ts';

interface SetupOptions {
  readonly yes?: boolean;
  readonly python?: string;
  readonly remove?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const help = `
Everything goes into one folder of your own; no other Python is touched, and
nothing is installed before you have agreed. A try that was broken off goes on
where it was. uv and pip ask the package index that they are configured for.

Examples:
  finetune setup torch
  finetune setup torch --yes
  finetune setup torch --python ~/venvs/ml/bin/python
  finetune setup torch --remove`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .addArgument(new Argument('<engine>', 'the engine').choices(['torch']))
    .option('-y, --yes', 'agree without being asked')
    .option('--python <path>', 'use this interpreter, which has PyTorch, transformers and PEFT, instead of installing')
    .option('--remove', 'remove the environment')
    .option('--json', 'print what the engine is left with for programs')
    .addOption(new Option('--wait', 'wait for Enter at the end, in a terminal that closes by itself').hideHelp())
    .addHelpText('after', help)
    .action(async (_engine: string, options: SetupOptions) => {
      if (options.wait) process.once('beforeExit', () => void ask('\nPress Enter to close. '));
      const places = torchPlaces();
      // For a program one document is all of stdout; words for people go beside it.
      const words = options.json ? { ...terminal, write: (text: string) => terminal.writeError(text) } : terminal;
      const code = await change(places, options, words);
      if (options.json) printJson(terminal, await findTorch(places));
      done(code);
    });
};

async function change(places: TorchPlaces, options: SetupOptions, terminal: Terminal): Promise<number> {
  if (options.remove) return remove(places, terminal);
  if (options.python === undefined) return setUp(places, options.yes ?? false, terminal);
  const report = await adopt(resolve(options.python), places);
  printLines(terminal, chosenLines(report, resolve(options.python), terminal.columns));
  return exitCodes.done;
}

async function setUp(places: TorchPlaces, agreed: boolean, terminal: Terminal): Promise<number> {
  const found = await findTorch(places);
  if (found.ready && found.record.managed && found.record.lock === (await lockHash())) {
    const { problems } = await examineTorch(found.record.python);
    if (problems.length === 0) {
      const again = 'finetune setup torch --remove takes it away.';
      printLines(terminal, [`The torch engine is set up: ${found.record.python}`, again]);
      return exitCodes.done;
    }
    printLines(terminal, [`The environment is there and cannot be used: ${problems.join(' ')}`, '']);
  }
  const plan = await planInstall(places);
  printLines(terminal, consentLines(plan, terminal.columns));
  if (plan.freeBytes !== undefined && plan.freeBytes < plan.diskBytes) {
    throw problem('torch/disk-tight', 'There is too little room on the disk for it.', { file: plan.environment });
  }
  if (!agreed && !(await consent(terminal))) return exitCodes.stopped;
  const report = await untilInterrupted((signal) =>
    install(plan, places, signal, (text) => terminal.writeError(`${terminal.style.dim(text)}\n`)),
  );
  if (!report) {
    printLines(terminal, ['', 'It was broken off before it was whole. `finetune setup torch` goes on from here.']);
    return exitCodes.stopped;
  }
  printLines(terminal, installedLines(report, plan.environment, terminal.columns));
  return exitCodes.done;
}

/** Nobody to ask is no consent. */
async function consent(terminal: Terminal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw problem('torch/no-consent', 'Nothing was installed. Write `finetune setup torch --yes` to agree beforehand.');
  }
  return /^y(?:es)?$/i.test(await ask(terminal.style.bold('Install it? [y/N] ')));
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

async function remove(places: TorchPlaces, terminal: Terminal): Promise<number> {
  const there = await isInstalled(places);
  const record = await readTorchRecord(places);
  await removeTorch(places);
  const isChosen = record !== undefined && !record.managed;
  printLines(terminal, [
    ...(there ? [`Removed ${places.environment}`] : []),
    ...(isChosen ? [`The torch engine no longer uses ${record.python}, which stays as it is.`] : []),
    ...(there || isChosen ? [] : ['There was no environment to remove.']),
  ]);
  return exitCodes.done;
}
