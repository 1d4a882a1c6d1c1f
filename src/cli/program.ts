// The commands by name. Each lives in a file of its own that is loaded only when it is asked for.
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { exitCodes } from './exitCodes.ts';
import { reportFailure } from './failure.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** Adds a command's arguments, options and help; the action resolves to the exit code. */
export type DefineCommand = (command: Command, terminal: Terminal, done: (exitCode: number) => void) => void;

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ define: DefineCommand }>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'quickstart',
    summary: 'see a small model learn a task in a minute; a self-test too',
    load: () => import('./commands/quickstart.ts'),
  },
  {
    name: 'import',
    summary: 'turn a config of Axolotl, LLaMA-Factory, TRL or Unsloth into ours',
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'check',
    summary: 'tell what is wrong with a config and its data',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'convert',
    summary: 'write a dataset in another format, telling what is lost',
    load: () => import('./commands/convert.ts'),
  },
  {
    name: 'estimate',
    summary: 'tell memory, time and disk of a run before it starts',
    load: () => import('./commands/estimate.ts'),
  },
  {
    name: 'start',
    summary: 'fine-tune a model as a config says',
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'runs',
    summary: 'list the runs of this folder',
    load: () => import('./commands/runs.ts'),
  },
  {
    name: 'watch',
    summary: 'look at a run, live or ended',
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'stop',
    summary: 'stop a run; by default it saves first',
    load: () => import('./commands/stop.ts'),
  },
  {
    name: 'pause',
    summary: 'hold a run where it is',
    load: () => import('./commands/pause.ts'),
  },
  {
    name: 'resume',
    summary: 'let a paused, stopped, failed or interrupted run go on',
    load: () => import('./commands/resume.ts'),
  },
  {
    name: 'generate',
    summary: 'let a model answer, with or without what a run has taught it',
    load: () => import('./commands/generate.ts'),
  },
  {
    name: 'loss',
    summary: 'tell what each token of some rows costs a model, before or after a run',
    load: () => import('./commands/loss.ts'),
  },
  {
    name: 'doctor',
    summary: 'tell what this machine can train on, and why not on more',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'rehearse',
    summary: 'let both engines take the first steps of a config, and compare them',
    load: () => import('./commands/rehearse.ts'),
  },
  {
    name: 'setup',
    summary: 'make the Python environment of the torch engine, or remove it',
    load: () => import('./commands/setup.ts'),
  },
  {
    name: 'lsp',
    summary: 'serve editors: problems, completion and hover in configs and datasets',
    load: () => import('./commands/lsp.ts'),
  },
];

const examples = `
Examples:
  finetune check my.finetune.yaml     what is wrong with the config and its data
  finetune start my.finetune.yaml     train; Ctrl+C stops and saves
  finetune watch                      look at the newest run

Runs lie in .finetune/runs of this folder, or of the nearest parent with runs.`;

/** Runs one command line and returns its exit code. */
export async function runCommandLine(args: readonly string[], terminal = processTerminal()): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = await createProgram(args, terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return reportFailure(error, terminal);
  }
}

async function createProgram(
  args: readonly string[],
  terminal: Terminal,
  done: (exitCode: number) => void,
): Promise<Command> {
  const program = new Command('finetune')
    .description('Fine-tune language models on this machine.')
    .usage('<command> [options]')
    .version(packageJson.version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', examples)
    .showHelpAfterError('Run finetune --help for the commands and options.')
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.writeError(text),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .exitOverride();
  const named = args.filter((arg) => !arg.startsWith('-'));
  const wanted = named[0] === 'help' ? named[1] : named[0];
  for (const entry of commands) {
    const command = program.command(entry.name).description(sentence(entry.summary)).summary(entry.summary);
    if (entry.name === wanted) (await entry.load()).define(command, terminal, done);
  }
  if (args.length === 0) program.action(() => program.outputHelp());
  return program;
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
