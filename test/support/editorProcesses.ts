// Processes as the end-to-end tests look for them in /proc: extension hosts of a server, and groups that should be gone.
import { readdir, readFile } from 'node:fs/promises';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** One letter; `Z` has ended and was not asked for its exit code yet. */
  readonly state: string;
}

async function processes(): Promise<Process[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (name): Promise<Process | undefined> => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      // The second field is the program's name in parentheses and may hold anything.
      const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return stat === '' ? undefined : { pid: Number(name), parent: Number(parent), group: Number(group), state };
    }),
  );
  return found.filter((each) => each !== undefined);
}

/** Processes of a group that still live. */
export async function livingOfGroup(group: number): Promise<number[]> {
  const all = await processes();
  return all.filter((each) => each.group === group && !'ZX'.includes(each.state)).map(({ pid }) => pid);
}

/** Extension hosts that a server has started, by their command lines. */
export async function extensionHosts(server: number): Promise<number[]> {
  const all = await processes();
  const below = new Set([server]);
  // Parents come before children only by chance: go round until nothing is added.
  for (let before = 0; before !== below.size;) {
    before = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  const hosts: number[] = [];
  for (const pid of below) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('--type=extensionHost')) hosts.push(pid);
  }
  return hosts;
}
