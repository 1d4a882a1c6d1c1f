// Starts the ranks of a distributed run, here or on other hosts, and lets them meet.

import { readNumber } from './answers.ts';
import { remoteCommand } from './remote.ts';
import type { TorchPlan } from './torchSession.ts';
import { createWorkerGroup, groupOfOne, rankName, type WorkerGroup } from './workerGroup.ts';
import { startWorker, type WorkerOptions } from './workerProcess.ts';

/** Where the ranks are. */
export interface Placement {
  readonly processes: number;
  /** Hosts that ssh reaches, each with the same number of ranks; absent: all are on this machine. */
  readonly hosts?: readonly string[] | undefined;
  /** Network interface that the ranks talk over; absent: the loopback on one machine, else what PyTorch chooses. */
  readonly interface?: string | undefined;
}

/** One worker, or as many ranks as asked for; each line of a rank says which one printed it. */
export function startRanks(options: WorkerOptions, placement: Placement): WorkerGroup {
  const { processes, hosts } = placement;
  if (processes === 1 && !hosts) return groupOfOne(startWorker(options));
  return createWorkerGroup(
    Array.from({ length: processes }, (_, rank) => {
      const host = hosts?.[Math.floor(rank / ranksPerHost(placement))];
      const name = rankName(rank, processes);
      const command = host === undefined ? {} : { command: remoteCommand(host, options, name) };
      return startWorker({ ...options, ...command, name, onOutput: prefixed(`rank ${rank}`, options.onOutput) });
    }),
  );
}

/** Lets the ranks find each other. Throws a ProblemError when one of them does not come. */
export async function meet(
  group: WorkerGroup,
  { device, sharding }: Pick<TorchPlan, 'device' | 'sharding'>,
  placement: Placement = { processes: group.size },
): Promise<void> {
  const { hosts } = placement;
  // Shards ask for a group, also for one of one rank, whose shards may lie in the machine's memory.
  if (group.size === 1 && !sharding) return;
  const [first] = hosts ?? [];
  const address = first === undefined ? '127.0.0.1' : first.replace(/^.*@/, '');
  // A host's own name may mean its loopback to itself: it listens on all of its addresses.
  const listen = first === undefined ? address : '0.0.0.0';
  const opened = await group.ask('open_meeting', { size: group.size, listen });
  const port = readNumber(opened.head['value'], 'port');
  const network = placement.interface ?? (hosts ? null : loopbackName(process.platform));
  await group.askAll('join', (rank) => ({
    head: {
      ...{ rank, size: group.size, localRank: rank % ranksPerHost(placement) },
      ...{ address, port, interface: network, device },
    },
  }));
}

function ranksPerHost({ processes, hosts }: Placement): number {
  return Math.ceil(processes / (hosts?.length ?? 1));
}

/** The interface that never leaves this machine; null where PyTorch finds it by itself. */
function loopbackName(platform: NodeJS.Platform): string | null {
  if (platform === 'linux') return 'lo';
  return platform === 'darwin' ? 'lo0' : null;
}

/** Whole lines, each with the name of who printed it. */
export function prefixed(name: string, onOutput: (text: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) onOutput(lines.map((line) => `[${name}] ${line}\n`).join(''));
  };
}
