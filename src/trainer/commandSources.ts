// Commands on their way in: lines on stdin, files in the run folder's control/, signals.

import { checkCommand, type CheckedCommand } from '../protocol/validate.ts';
import { createJsonLineDecoder, type JsonLine } from '../protocol/jsonLines.ts';
import { waitingCommands } from '../runs/control.ts';
import type { Control } from './control.ts';

/** Time between two looks into control/, in milliseconds. A look at a small folder works on every disk. */
const interval = 200;

export interface CommandHandlers {
  readonly control: Control;
  /** A line or file that is no command: to be told to a person, not to end the run. */
  readonly onProblem: (sentence: string) => void;
}

/** Looks into control/ until the returned function is called. Each file is removed when it has been answered. */
export function watchControlFiles(runFolder: string, handlers: CommandHandlers): () => void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      for (const waiting of await waitingCommands(runFolder)) {
        deliver(waiting.command, handlers, `control/${waiting.name}`);
        await waiting.done();
      }
    } catch (error) {
      handlers.onProblem(
        `The control folder cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      looking = false;
    }
  };
  // This timer also keeps the process alive while a pause leaves nothing else to do.
  const timer = setInterval(() => void look(), interval);
  return () => clearInterval(timer);
}

/** Reads commands from a stream. Its end means nothing: a trainer outlives whoever started it. */
export function listenTo(stream: NodeJS.ReadableStream, handlers: CommandHandlers): void {
  const decoder = createJsonLineDecoder();
  const take = (lines: readonly JsonLine[]): void => {
    for (const line of lines) {
      if (line.ok) deliver(checkCommand(line.value), handlers, 'stdin');
      else handlers.onProblem(`stdin: ${line.problem}`);
    }
  };
  stream.on('data', (chunk: Buffer | string) => take(decoder.push(Buffer.from(chunk))));
  stream.on('end', () => take(decoder.finish()));
  stream.on('error', () => undefined);
}

/** The first SIGINT or SIGTERM saves and stops, the second stops at once; a closed terminal means nothing. */
export function obeySignals(control: Control): void {
  process.on('SIGINT', () => control.signalled());
  process.on('SIGTERM', () => control.signalled());
  if (process.platform === 'win32') process.on('SIGBREAK', () => control.signalled());
  process.on('SIGHUP', () => undefined);
}

function deliver(command: CheckedCommand, { control, onProblem }: CommandHandlers, source: string): void {
  if (command.ok) {
    control.receive(command.value);
    return;
  }
  const { type, id, problem } = command;
  if (id !== undefined) control.refuse({ type, id }, problem);
  onProblem(`${source}: ${problem}`);
}
