// Gathers what `finetune doctor` tells: versions, machine, executors with the reason why not, places on the disk.
import { probedExecutors, probeProgram } from '../engine/probes.ts';
import { cacheDirectory } from '../platform/cacheDirectory.ts';
import { readMachine, type MachineReport } from '../platform/devices.ts';
import { freeDiskBytes } from '../platform/diskSpace.ts';
import { probe } from '../platform/probe.ts';
import { versions } from '../runs/facts.ts';
import { examineTorch } from '../torch/environment/examine.ts';
import { findTorch } from '../torch/environment/find.ts';
import { findRunsFolder } from './workspace.ts';

export interface ExecutorReport {
  readonly name: string;
  readonly usable: boolean;
  readonly reason: string;
}

export interface PlaceReport {
  readonly name: string;
  readonly path: string;
  readonly freeBytes?: number;
}

export interface DoctorReport {
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: MachineReport;
  readonly executors: readonly ExecutorReport[];
  /** The torch engine and its devices. */
  readonly torch: readonly ExecutorReport[];
  readonly places: readonly PlaceReport[];
}

/** Looks at everything at once. Nothing is changed, nothing is downloaded. */
export async function examineMachine(): Promise<DoctorReport> {
  const [machine, probed, torch, places] = await Promise.all([
    readMachine(),
    Promise.all(probedExecutors.map(async (name) => ({ name, ...(await probe(probeProgram(name))) }))),
    examineTorchEngine(),
    examinePlaces(),
  ]);
  const cpu = { name: 'cpu', usable: true, reason: `ONNX Runtime with ${machine.cpu.threads} threads` };
  return { versions: versions(), machine, executors: [cpu, ...probed], torch, places };
}

async function examineTorchEngine(): Promise<ExecutorReport[]> {
  const found = await findTorch();
  if (!found.ready) return [{ name: 'torch', usable: false, reason: found.reason }];
  const { python } = found.record;
  const { versions: installed, devices, problems } = await examineTorch(python);
  if (problems.length > 0) {
    const reason = `${problems.join(' ')} Run \`finetune setup torch\` to mend it (${python}).`;
    return [{ name: 'torch', usable: false, reason }];
  }
  const reason = `PyTorch ${installed['torch'] ?? '?'} in ${python}`;
  return [
    { name: 'torch', usable: true, reason },
    ...devices.map(({ name, usable, detail }) => ({
      name,
      usable,
      reason: usable ? detail : `${detail}${mending(name, detail)}`,
    })),
  ];
}

/** What to do where a device of PyTorch cannot be used, as far as a command mends it. */
function mending(name: string, detail: string): string {
  if (name !== 'cuda') return '';
  if (/too old/i.test(detail)) return ' Update the NVIDIA driver, then run `finetune doctor` again.';
  if (/without CUDA/i.test(detail)) return '. `finetune setup torch` installs a PyTorch with CUDA on Linux.';
  return '';
}

async function examinePlaces(): Promise<PlaceReport[]> {
  const places = [
    { name: 'runs', path: findRunsFolder(process.cwd()) },
    { name: 'cache', path: cacheDirectory() },
  ];
  return Promise.all(
    places.map(async (place) => {
      const freeBytes = await freeDiskBytes(place.path);
      return { ...place, ...(freeBytes === undefined ? {} : { freeBytes }) };
    }),
  );
}
