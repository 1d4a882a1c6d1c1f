// Processes that the kernel has ended because memory ran out: the one sure sign of why a process was killed.

import { readFileSync } from 'node:fs';
import { parentsOf, parseCgroupPath } from './memory.ts';

/**
 * How many there were so far, in the control group of this process where the system tells it, else on the whole machine.
 * Undefined where the system does not count them. Who compares two counts knows what happened between them.
 */
export function countMemoryKills(read: (file: string) => string | undefined = readText): number | undefined {
  const own = parseCgroupPath(read('/proc/self/cgroup') ?? '');
  const [root, file] =
    own?.version === 1 ? ['/sys/fs/cgroup/memory', 'memory.oom_control'] : ['/sys/fs/cgroup', 'memory.events'];
  // Inside a container the own group is often mounted as the root.
  for (const folder of parentsOf(own?.path ?? '')) {
    const found = parseKills(read(`${root}${folder}/${file}`) ?? '');
    if (found !== undefined) return found;
  }
  return parseKills(read('/proc/vmstat') ?? '');
}

/** All of these files have a line `oom_kill 3`. */
function parseKills(text: string): number | undefined {
  const match = /^oom_kill (\d+)$/m.exec(text);
  return match ? Number(match[1]) : undefined;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
