// What the explorer's tree is made of. Nodes are kept by key, so that a change refreshes the one item that it concerns.

import type { QueueItem } from '../../runs/queue.ts';
import type { RunRecord } from '../../runs/runRecord.ts';
import type { StateGroup } from './order.ts';

export interface GroupNode {
  readonly kind: 'group';
  readonly key: string;
  readonly group:
    { readonly by: 'state'; readonly state: StateGroup } | { readonly by: 'config'; readonly file: string };
  readonly size: number;
}

export interface RunNode {
  readonly kind: 'run';
  readonly key: string;
  readonly folder: string;
}

export interface QueueNode {
  readonly kind: 'queued';
  readonly key: string;
  readonly runsFolder: string;
  readonly item: QueueItem;
  readonly place: number;
  readonly held: boolean;
}

export type PartName = 'checkpoints' | 'samples' | 'config' | 'log';

/** A part of a run that opens something. */
export interface PartNode {
  readonly kind: 'part';
  readonly key: string;
  readonly folder: string;
  readonly part: PartName;
}

export interface CheckpointNode {
  readonly kind: 'checkpoint';
  readonly key: string;
  readonly folder: string;
  /** Relative to the run folder, with forward slashes. */
  readonly path: string;
  readonly step: number;
  readonly best: boolean;
  readonly bytes: number | undefined;
}

export type ExplorerNode = GroupNode | RunNode | QueueNode | PartNode | CheckpointNode;

export function runNode(run: RunRecord): RunNode {
  return { kind: 'run', key: `run ${run.folder}`, folder: run.folder };
}

export function partNode(folder: string, part: PartName): PartNode {
  return { kind: 'part', key: `${part} ${folder}`, folder, part };
}
