// What a person sees when a command fails: sentences, never a stack trace; and the exit code that goes with it.
import { ProblemError } from '../protocol/problem.ts';
import { exitCodes } from './exitCodes.ts';
import { problemLines } from './render/problems.ts';
import type { Terminal } from './terminal.ts';

/** Prints an error of any kind on stderr and returns the exit code for it. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  if (error instanceof ProblemError) {
    for (const problem of error.problems) {
      terminal.writeError(`${problemLines(problem, terminal.style, process.cwd()).join('\n')}\n`);
    }
    return exitCodeOf(error);
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.writeError(`${terminal.style.red('error')}: ${message}\n`);
  if (process.env['FINETUNE_DEBUG'] && error instanceof Error) terminal.writeError(`${error.stack ?? ''}\n`);
  else terminal.writeError('This was not expected. FINETUNE_DEBUG=1 shows where it comes from.\n');
  return exitCodes.failed;
}

/** Wrong usage and unusable configs are 2, everything else 1. */
export function exitCodeOf(error: ProblemError): number {
  const usage = error.problems.some(({ code }) => code.startsWith('cli/') || code.startsWith('config/'));
  return usage ? exitCodes.usage : exitCodes.failed;
}
