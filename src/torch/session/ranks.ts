// Starts the ranks of a distributed run, here or on other hosts, and lets them meet.

import { readNumber } from './answers.ts';
import { remoteCommand } from './remote.ts';
import type { TorchPlan } from './torchSession.ts';
import { createWorkerGroup, groupOfOne, rankName, type WorkerGroup } from './workerGroup.ts';
import { startWorker, type WorkerOptions } from './workerProcess.ts';

/** Where the ranks are. */
export interface Placement {
  readonly processes: number;
  /** Other hosts, each with the same number of ranks; absent: all are on this machine. */
  readonly hosts?: readonly string[] | undefined;
  /** What starts a rank on one of the hosts; absent: ssh. */
  readonly command?: ((host: string, options: WorkerOptions, name: string) => string[]) | undefined;
  /** Gives the hosts back when the ranks have ended. */
  readonly release?: (() => void) | undefined;
  /** Network interface that the ranks talk over; absent: the loopback on one machine, else what PyTorch chooses. */
  readonly interface?: string | undefined;
}

/** One worker, or as many ranks as asked for; each line of a rank says which one printed it. */
export function startRanks(options: WorkerOptions, placement: Placement): WorkerGroup {
  const { processes, hosts, command: start = remoteCommand } = placement;
  if (processes === 1 && !hosts) return groupOfOne(startWorker(options));
  const group = createWorkerGroup(
    Array.from({ length: processes }, (_, rank) => {
      const host = hosts?.[Math.floor(rank / ranksPerHost(placement))];
      const name = rankName(rank, processes);
      const command = host === undefined ? {} : { command: start(host, options, name) };
      return startWorker({ ...options, ...command, name, onOutput: prefixed(`rank ${rank}`, options.onOutput) });
    }),
  );
  const close = async (): Promise<void> => {
    placement.release?.();
    await group.close();
  };
  return { ...group, placement, close };
}

/** Lets the ranks find each other. Throws a ProblemError when one of them does not come. */
export async function meet(
  group: WorkerGroup,
  { device, sharding }: Pick<TorchPlan, 'device' | 'sharding'>,
): Promise<void> {
  const { placement = { processes: group.size } } = group;
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
