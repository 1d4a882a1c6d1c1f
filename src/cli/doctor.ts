// Gathers what `finetune doctor` tells: versions, machine, executors with the reason why not, places on the disk.
import { probedExecutors, probeProgram } from '../engine/probes.ts';
import { cacheDirectory } from '../platform/cacheDirectory.ts';
import { readMachine, type MachineReport } from '../platform/devices.ts';
import { freeDiskBytes } from '../platform/diskSpace.ts';
import { probe } from '../platform/probe.ts';
import { versions } from '../runs/facts.ts';
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
  readonly places: readonly PlaceReport[];
}

/** Looks at everything at once. Nothing is changed, nothing is downloaded. */
export async function examineMachine(): Promise<DoctorReport> {
  const [machine, probed, places] = await Promise.all([
    readMachine(),
    Promise.all(probedExecutors.map(async (name) => ({ name, ...(await probe(probeProgram(name))) }))),
    examinePlaces(),
  ]);
  const cpu = { name: 'cpu', usable: true, reason: `ONNX Runtime with ${machine.cpu.threads} threads` };
  return { versions: versions(), machine, executors: [cpu, ...probed], places };
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
