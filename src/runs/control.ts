// Commands as files: written whole into the run folder's control/, taken by the trainer, answered in its events.

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { CommandDraft, TrainerCommand } from '../protocol/commands.ts';
import { checkCommand, type Checked } from '../protocol/validate.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { runPaths } from './layout.ts';

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
  readonly command: Checked<TrainerCommand>;
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
      return { name, command: await readCommand(file), done: () => rm(file, { force: true }) };
    });
  return Promise.all(commands);
}

/** Commands were meant for a trainer that is gone: a new one starts with none. */
export async function clearCommands(folder: string): Promise<void> {
  await rm(runPaths(folder).control, { recursive: true, force: true });
}

async function readCommand(file: string): Promise<Checked<TrainerCommand>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return checkCommand(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `The command file cannot be read: ${reason}`, unknownType: false };
  }
}
