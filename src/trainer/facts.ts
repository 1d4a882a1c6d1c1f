// Looks at the outside world for a config's rules and decisions: files, this machine, the opened model.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import type { AdapterFacts, ConfigFacts, Device, DeviceFact, MachineFacts, ModelFacts } from '../config/facts.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import { modelWeights } from '../engine/architectures/weights.ts';
import { probedExecutors, probeProgram, type ProbedExecutor } from '../engine/probes.ts';
import type { AdapterSettings } from '../models/adapter.ts';
import type { LoadedModel } from '../models/types.ts';
import { readCpu } from '../platform/cpu.ts';
import { findGpus } from '../platform/gpus.ts';
import { probe } from '../platform/probe.ts';

/** GPU executors from the fastest on. */
const gpuDevices = ['cuda', 'webgpu', 'directml', 'coreml'] as const satisfies readonly ProbedExecutor[];

/** What a config may name; paths are relative to its folder. */
export function fileFacts(
  baseDirectory: string,
): Required<Pick<ConfigFacts, 'fileExists' | 'countMatches' | 'listFolder'>> {
  return {
    fileExists: (file) => existsSync(path.resolve(baseDirectory, file)),
    countMatches: (pattern) => globSync(pattern, { cwd: baseDirectory, expandDirectories: false }).length,
    listFolder(folder) {
      try {
        return readdirSync(path.resolve(baseDirectory, folder));
      } catch {
        return [];
      }
    },
  };
}

/**
 * Cores and devices. Trying a device takes seconds, so only those are tried that `wanted` may mean: none for `cpu`, and
 * for `auto` none on a machine whose tools show no GPU.
 */
export async function machineFacts(wanted: NonNullable<FinetuneConfig['device']> = 'auto'): Promise<MachineFacts> {
  const cpu = await readCpu();
  const devices = await Promise.all((await devicesToTry(wanted)).map(tryDevice));
  return {
    cores: Math.min(cpu.cores ?? cpu.threads, cpu.threads),
    devices: [...devices, { name: 'cpu', kind: 'cpu', usable: true, detail: cpu.model }],
  };
}

async function devicesToTry(wanted: NonNullable<FinetuneConfig['device']>): Promise<ProbedExecutor[]> {
  if (wanted === 'cpu') return [];
  if (wanted === 'gpu') return [...gpuDevices];
  if (wanted === 'auto') return (await findGpus()).gpus.length > 0 ? [...gpuDevices] : [];
  return probedExecutors.filter((executor) => executor === wanted);
}

async function tryDevice(name: ProbedExecutor & Device): Promise<DeviceFact> {
  const { usable, reason } = await probe(probeProgram(name));
  return { name, kind: name === 'tensorflow' ? 'cpu' : 'gpu', usable, detail: reason };
}

/** Throws what the engine throws for a model that it does not compute. */
export function modelFacts(model: LoadedModel): ModelFacts {
  const architecture = architectureOf(model.config);
  const weights = [...modelWeights(architecture, model.weights.values()).values()];
  return {
    contextLength: architecture.contextLength,
    linearModules: architecture.linearModules.map((module) => module.name),
    parameters: weights.reduce((sum, weight) => sum + weight.shape.reduce((a, b) => a * b, 1), 0),
  };
}

/** What adapter_config.json says, for a run that goes on from an adapter. */
export function adapterFacts(settings: AdapterSettings): AdapterFacts {
  const { rank, alpha, useRslora, modules } = settings;
  return { rank, alpha, useRslora, targetModules: modules };
}
