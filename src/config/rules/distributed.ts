// Rules about several processes: enough work and enough GPUs for each.

import { chooseDevice } from '../device.ts';
import { chooseEngine } from '../engine.ts';
import { methodOf } from '../method.ts';
import { defaults } from '../schema.generated.ts';
import type { ConfigRule } from './rule.ts';

const path = 'distributed.processes';

const idleProcesses: ConfigRule = {
  code: 'config/idle-processes',
  severity: 'warning',
  summary: 'More processes than rows in a step: some would have nothing to do.',
  check: ({ distributed, training = {} }) => {
    const { batch_size, gradient_accumulation_steps } = { ...defaults.training, ...training };
    const rows = batch_size * gradient_accumulation_steps;
    if (!distributed || distributed.processes <= rows) return [];
    const message = `A step has ${rows} ${rows === 1 ? 'row' : 'rows'} (batch_size · gradient_accumulation_steps), so that only ${rows} of ${distributed.processes} processes would have something to do.`;
    return [{ path, message }];
  },
};

const tooManyProcesses: ConfigRule = {
  code: 'config/too-many-processes',
  severity: 'error',
  summary: 'More processes than GPUs: each process needs a GPU of its own.',
  check: (config, { machine }) => {
    const { distributed, device = defaults.device } = config;
    if (!distributed || !machine || chooseEngine(config).engine !== 'torch') return [];
    const chosen = chooseDevice(device, machine.devices);
    const count = machine.devices.find(({ name }) => name === chosen.device)?.count;
    // What other hosts have is told when they are there.
    if (
      distributed.hosts ||
      distributed.slurm ||
      !chosen.available ||
      count === undefined ||
      distributed.processes <= count
    )
      return [];
    const message = `Each process needs a GPU of its own, and ${chosen.device} has ${count} on this machine.`;
    return [{ path, message }];
  },
};

const offloadUnused: ConfigRule = {
  code: 'config/cpu-offload-unused',
  severity: 'error',
  summary:
    '`distributed.cpu_offload` where nothing lies on a GPU that could be laid elsewhere, or where nothing is sharded.',
  check: ({ distributed, device }) => {
    if (distributed?.cpu_offload !== true) return [];
    const strategy = distributed.strategy ?? defaults.distributed.strategy;
    if (strategy !== 'ddp' && device !== 'cpu') return [];
    const reason =
      strategy === 'ddp' ? 'Strategy ddp has no shards' : 'On the CPU everything lies in its memory already';
    return [{ path: 'distributed.cpu_offload', message: `${reason}: cpu_offload would do nothing.` }];
  },
};

const cannotShard: ConfigRule = {
  code: 'config/cannot-shard',
  severity: 'error',
  summary: 'A strategy that lays weights in shards with `method: qlora` or `prefix`, which need them whole.',
  check: (config) => {
    const { strategy = defaults.distributed.strategy } = config.distributed ?? {};
    if (strategy === 'ddp') return [];
    const reason = { qlora: 'Weights in 4 bits', prefix: 'Models with a prefix', lora: '', full: '' }[methodOf(config)];
    if (reason === '') return [];
    return [{ path: 'distributed.strategy', message: `${reason} cannot be laid in shards. Write \`strategy: ddp\`.` }];
  },
};

const unevenHosts: ConfigRule = {
  code: 'config/uneven-hosts',
  severity: 'error',
  summary: '`distributed.processes` cannot be divided among `distributed.hosts`, or the nodes of `distributed.slurm`.',
  check: ({ distributed }) => {
    const count = distributed?.hosts?.length ?? distributed?.slurm?.nodes ?? 1;
    if (!distributed || distributed.processes % count === 0) return [];
    const message = `${distributed.processes} processes cannot be divided among ${count} hosts. Take ${count}, ${2 * count}, …`;
    return [{ path, message }];
  },
};

const hostsAndSlurm: ConfigRule = {
  code: 'config/hosts-and-slurm',
  severity: 'error',
  summary: '`distributed.hosts` and `distributed.slurm` together: SLURM chooses the hosts itself.',
  check: ({ distributed }) => {
    if (!distributed?.hosts || !distributed.slurm) return [];
    return [{ path: 'distributed.hosts', message: 'SLURM chooses the hosts. Remove this line, or the block `slurm`.' }];
  },
};

export const distributedRules: readonly ConfigRule[] = [
  idleProcesses,
  tooManyProcesses,
  offloadUnused,
  cannotShard,
  unevenHosts,
  hostsAndSlurm,
];
