// Commands as files: written whole into the run folder's control/, taken by the trainer, answered in its events.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { CommandDraft } from '../protocol/commands.ts';
import { checkCommand, type CheckedCommand } from '../protocol/validate.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { runPaths } from './layout.ts';
import { readSmallFile } from './regularFile.ts';

/** No command is longer, in bytes. */
const limit = 64 * 1024;

/** Leaves a command for the run's trainer; returns the id that its `acknowledged` event will name. */
export async function sendCommand(folder: string, draft: CommandDraft): Promise<string> {
  const { control } = runPaths(folder);
  await mkdir(control, { recursive: true });
  const id = newCommandId();
  await writeFileAtomic(path.join(control, `${id}.json`), JSON.stringify({ ...draft, id }), { durable: false });
  return id;
}

let sent = 0;

/** Ids sort by time and then by turn, so files are taken in the order in which they were written. */
export function newCommandId(): string {
  const turn = String(sent++).padStart(6, '0');
  return `${String(Date.now()).padStart(15, '0')}-${turn}-${randomBytes(3).toString('hex')}`;
}

export interface WaitingCommand {
  readonly name: string;
  /** A malformed one has an id too: a file is named by it. */
  readonly command: CheckedCommand;
  /** Removes the file, after the command has been obeyed or refused. */
  done(): Promise<void>;
}

/** What waits in control/, oldest first. Files still being written (another ending) are left alone. */
export async function waitingCommands(folder: string): Promise<WaitingCommand[]> {
  const { control } = runPaths(folder);
  const names = await readdir(control).catch(() => []);
  const commands = names
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map(async (name) => {
      const file = path.join(control, name);
      return { name, command: await readCommand(file), done: () => rm(file, { force: true, recursive: true }) };
    });
  return Promise.all(commands);
}

/** Commands were meant for a trainer that is gone: a new one starts with none. */
export async function clearCommands(folder: string): Promise<void> {
  await rm(runPaths(folder).control, { recursive: true, force: true });
}

async function readCommand(file: string): Promise<CheckedCommand> {
  const id = path.basename(file, '.json');
  try {
    const value: unknown = JSON.parse(await readSmallFile(file, limit));
    const command = checkCommand(value);
    return command.ok ? command : { ...command, id: command.id ?? id };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `The command file cannot be read: ${reason}.`, type: 'command', id };
  }
}
