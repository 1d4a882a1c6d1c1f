// The processes that a run has started on this machine, by /proc.

import { readdir, readFile } from 'node:fs/promises';

export interface FoundRank {
  readonly pid: number;
  /** Such as `Rank 0 of 2`. */
  readonly name: string;
}

/** The ranks that a process has started, lowest first. */
export async function ranksOf(parent: number): Promise<FoundRank[]> {
  const found = (await childrenOf(parent)).flatMap(({ pid, words }): FoundRank[] => {
    const name = words.find((word) => /^Rank \d+ of \d+$/.test(word));
    return name === undefined ? [] : [{ pid, name }];
  });
  return found.toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The processes that a process has started, with the words of their command lines. */
export async function childrenOf(parent: number): Promise<{ readonly pid: number; readonly words: string[] }[]> {
  const found = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [, itsParent] = /^\S+ \(.*\) \S (\d+)/.exec(stat) ?? [];
    if (Number(itsParent) !== parent) continue;
    const words = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0');
    found.push({ pid: Number(entry), words });
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
