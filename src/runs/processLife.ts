// Does a process still live? A pid alone lies, since systems use it again: the time it was started tells it apart.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One process on one machine. */
export interface ProcessMark {
  readonly pid: number;
  /** Opaque; equal marks mean the same process. */
  readonly started: string;
  readonly host: string;
}

/** This process. */
export async function ownMark(): Promise<ProcessMark> {
  return { pid: process.pid, started: (await startMark(process.pid)) ?? 'unknown', host: os.hostname() };
}

/**
 * `alive`, `dead`, or `elsewhere` for a process of another machine, which cannot be asked. Where the system does not
 * tell start times, the pid decides.
 */
export async function lifeOf(mark: ProcessMark): Promise<'alive' | 'dead' | 'elsewhere'> {
  if (mark.host !== os.hostname()) return 'elsewhere';
  if (!pidExists(mark.pid)) return 'dead';
  const started = await startMark(mark.pid);
  if (started === undefined) return pidExists(mark.pid) && process.platform !== 'linux' ? 'alive' : 'dead';
  return started === mark.started || mark.started === 'unknown' ? 'alive' : 'dead';
}

/** When a process was started, in the system's own notation; undefined when there is no such process. */
export async function startMark(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') return await linuxStart(pid);
    if (process.platform === 'win32') return await windowsStart(pid);
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    const [, state, started] = /^(\S+)\s+(.+?)\s*$/.exec(stdout) ?? [];
    return state?.startsWith('Z') ? undefined : started;
  } catch {
    return undefined;
  }
}

/** Ticks since boot, with the boot they count from. A zombie has ended: nobody has asked for its exit code yet. */
async function linuxStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim().slice(0, 8)}:${fields[19] ?? ''}`;
}

async function windowsStart(pid: number): Promise<string> {
  const script = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
  const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script], {
    windowsHide: true,
  });
  return stdout.trim();
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
