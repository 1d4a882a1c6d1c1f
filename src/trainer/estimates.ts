// What a run will cost, as its `started` event tells it, and warnings where this machine has less.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import { freeDiskBytes } from '../platform/diskSpace.ts';
import { findGpus, gpusOfRun } from '../platform/gpus.ts';
import { readMemory } from '../platform/memory.ts';
import type { Estimates } from '../protocol/events.ts';
import type { Problem } from '../protocol/problem.ts';
import type { PlanEstimate } from './sessionPlan.ts';

/** Memory that a step may take: of the fullest of the run's cards where their tools tell, else of the machine. */
export async function freeBytesOn({
  device,
  distributed,
}: Pick<EffectiveConfig, 'device' | 'distributed'>): Promise<number> {
  const cards = device === 'cuda' ? gpusOfRun((await findGpus()).gpus, distributed?.processes ?? 1) : [];
  const free = cards.flatMap(({ freeBytes }) => freeBytes ?? []);
  return free.length > 0 ? Math.min(...free) : (await readMemory()).availableBytes;
}

/** Disk: the checkpoints that stay, the one being written, and the result. */
export function estimatesOf(config: EffectiveConfig, estimate: PlanEstimate, seconds: number): Estimates {
  const weights = 4 * estimate.trainableParameters;
  const checkpoint = config.training.optimizer === 'adamw' ? 3 * weights : weights;
  const kept = config.checkpoints.keep + (config.checkpoints.best_by === 'eval_loss' ? 1 : 0);
  return {
    memory_bytes: Math.round(estimate.memoryBytes),
    flops_per_step: Math.round(estimate.flopsPerStep),
    seconds,
    disk_bytes: checkpoint * (kept + 1) + weights * (config.output === undefined ? 1 : 2),
  };
}

/** Warns before the start of what would otherwise be a surprise in the middle of the run. */
export async function tightness(estimates: Estimates, freeBytes: number, runFolder: string): Promise<Problem[]> {
  const { memory_bytes: memory = 0, disk_bytes: disk = 0 } = estimates;
  const freeDisk = await freeDiskBytes(runFolder);
  const problems: Problem[] = [];
  if (memory > freeBytes) {
    const message = `The run needs about ${gigabytes(memory)} of memory, and ${gigabytes(freeBytes)} are free. Use a smaller training.batch_size or data.max_length, or training.gradient_checkpointing: true.`;
    problems.push({ code: 'training/memory-tight', severity: 'warning', message });
  }
  if (freeDisk !== undefined && disk > freeDisk) {
    const message = `The run needs about ${gigabytes(disk)} on the disk, and ${gigabytes(freeDisk)} are free. Use a smaller checkpoints.keep, or make room.`;
    problems.push({ code: 'training/disk-tight', severity: 'warning', message, place: { file: runFolder } });
  }
  return problems;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
