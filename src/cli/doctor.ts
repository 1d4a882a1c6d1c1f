// Gathers what `finetune doctor` tells: versions, machine, executors with the reason why not, places on the disk.
import { probedExecutors, probeProgram } from '../engine/probes.ts';
import { cacheDirectory } from '../platform/cacheDirectory.ts';
import { readMachine, type MachineReport } from '../platform/devices.ts';
import { freeDiskBytes } from '../platform/diskSpace.ts';
import { probe } from '../platform/probe.ts';
import { versions } from '../runs/facts.ts';
import { examineTorch } from '../torch/environment/examine.ts';
import { findTorch } from '../torch/environment/find.ts';
import { deviceText, mendingOf } from '../torch/environment/reasons.ts';
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
  return { versions: versions(), machine, executors: [cpu, ...probed], torch: torch(machine.gpus), places };
}

/** Takes seconds: the libraries are imported. What is told of devices depends on the machine's GPUs. */
async function examineTorchEngine(): Promise<(gpus: MachineReport['gpus']) => ExecutorReport[]> {
  const found = await findTorch();
  const unusable = (reason: string) => (): ExecutorReport[] => [{ name: 'torch', usable: false, reason }];
  if (!found.ready) return unusable(found.reason);
  const { python } = found.record;
  const { versions: installed, devices, problems } = await examineTorch(python);
  if (problems.length > 0) return unusable(`${problems.join(' ')} ${mendingOf(found.record)}`);
  const reason = `PyTorch ${installed['torch'] ?? '?'} in ${python}`;
  return (gpus) => [
    { name: 'torch', usable: true, reason },
    ...devices.map((device) => ({ name: device.name, usable: device.usable, reason: deviceText(device, gpus) })),
  ];
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
