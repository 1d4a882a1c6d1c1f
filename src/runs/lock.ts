// One trainer per run. Each puts a file with its own name into locks/ and goes on only when no other there lives.

import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { problem } from '../protocol/problem.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { runPaths } from './layout.ts';
import { lifeOf, ownMark, type ProcessMark } from './processLife.ts';

export interface RunLock {
  readonly mark: ProcessMark;
  release(): Promise<void>;
}

/** A trainer of another machine that wrote no heartbeat for this long is taken for dead, in milliseconds. */
const silenceElsewhere = 60_000;

/** Two that start in the same moment both step back, and try again after times of their own. */
const attempts = 4;

/**
 * Takes the run for this process. Since everyone writes before looking, two can never both go on; nothing is ever
 * taken over, so there is no race about a stale lock either. Throws `runs/busy` when another trainer works on it.
 */
export async function lockRun(folder: string): Promise<RunLock> {
  const paths = runPaths(folder);
  const mark = await ownMark();
  const file = path.join(paths.locks, `${mark.pid}-${Buffer.from(mark.host).toString('hex').slice(0, 32)}.json`);
  await mkdir(paths.locks, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    await writeFileAtomic(file, JSON.stringify(mark), { durable: false });
    const holder = await otherHolder(paths.locks, file, paths.heartbeat);
    if (!holder) return { mark, release: () => rm(file, { force: true }) };
    await rm(file, { force: true });
    if (attempt === attempts) {
      throw problem(
        'runs/busy',
        `Process ${holder.pid} on ${holder.host} is already training this run. Stop it first, or start a new run.`,
        { file: paths.folder },
      );
    }
    await delay(20 + Math.random() * 150);
  }
}

/** Another living process with a lock; lock files of dead ones are cleared away. */
async function otherHolder(locks: string, own: string, heartbeat: string): Promise<ProcessMark | undefined> {
  for (const name of await readdir(locks)) {
    const file = path.join(locks, name);
    if (file === own || !name.endsWith('.json')) continue;
    const mark = await readMark(file);
    if (!mark) continue;
    const life = await lifeOf(mark);
    if (life === 'alive' || (life === 'elsewhere' && !(await silent(heartbeat)))) return mark;
    await rm(file, { force: true });
  }
  return undefined;
}

/** Undefined when the file has gone in the meantime, or is not ours: locks are written whole. */
async function readMark(file: string): Promise<ProcessMark | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isMark(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function silent(heartbeat: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(heartbeat)).mtimeMs > silenceElsewhere;
  } catch {
    return true;
  }
}

function isMark(value: unknown): value is ProcessMark {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'pid' in value &&
    typeof value.pid === 'number' &&
    'started' in value &&
    typeof value.started === 'string' &&
    'host' in value &&
    typeof value.host === 'string'
  );
}
