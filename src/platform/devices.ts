// What this machine offers to a training run: processor, memory and graphics processors in one report.
import { readCpu, type CpuReport } from './cpu.ts';
import { findGpus, type GpuReport } from './gpus.ts';
import { readMemory, type MemoryReport } from './memory.ts';

export interface MachineReport {
  readonly platform: string;
  readonly cpu: CpuReport;
  readonly memory: MemoryReport;
  readonly gpus: readonly GpuReport[];
  /** Why a tool that lists devices gave no answer. */
  readonly notes: readonly string[];
}

/** Looks at everything at once; takes as long as the slowest tool, at most its time limit. */
export async function readMachine(): Promise<MachineReport> {
  const [cpu, memory, search] = await Promise.all([readCpu(), readMemory(), findGpus()]);
  return { platform: `${process.platform}-${process.arch}`, cpu, memory, gpus: search.gpus, notes: search.notes };
}
