// Looks at the outside world for a config's rules and decisions: files, this machine, the opened model.

import { accessSync, constants, existsSync, readdirSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { chooseEngine } from '../config/engine.ts';
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
import { sayingWhere } from '../protocol/problem.ts';
import { examineTorch } from '../torch/environment/examine.ts';
import { findTorch } from '../torch/environment/find.ts';

/** GPU executors from the fastest on. */
const gpuDevices = ['cuda', 'webgpu', 'directml', 'coreml'] as const satisfies readonly ProbedExecutor[];

/** What a config may name; paths are relative to its folder. */
export function fileFacts(
  baseDirectory: string,
): Required<Pick<ConfigFacts, 'fileExists' | 'countMatches' | 'listFolder' | 'cannotWrite'>> {
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
    cannotWrite: (folder) => obstacleTo(path.resolve(baseDirectory, folder)),
  };
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

/** Goes up to what is there already: that must be a folder in which this user may write. */
function obstacleTo(folder: string): { path: string; reason: 'file' | 'forbidden' } | undefined {
  const found = statOf(folder);
  if (!found) return path.dirname(folder) === folder ? undefined : obstacleTo(path.dirname(folder));
  if (!found.isDirectory()) return { path: folder, reason: 'file' };
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch {
    return { path: folder, reason: 'forbidden' };
  }
}

/**
 * Cores, and the devices of the engine that the config wants. Trying a device takes seconds, so only those are tried
 * that its `device` may mean: none for `cpu`, and for `auto` none on a machine whose tools show no GPU.
 */
export async function machineFacts(config: FinetuneConfig): Promise<MachineFacts> {
  const wanted = config.device ?? 'auto';
  const cpu = await readCpu();
  const cores = Math.min(cpu.cores ?? cpu.threads, cpu.threads);
  const processor: DeviceFact = { name: 'cpu', kind: 'cpu', usable: true, detail: cpu.model };
  if (chooseEngine(config).engine === 'torch') {
    const { devices, missing } = await torchDevices(wanted, config.method === 'qlora');
    return { cores, devices: [...devices, processor], ...(missing === undefined ? {} : { torchMissing: missing }) };
  }
  const devices = await Promise.all((await devicesToTry(wanted)).map(tryDevice));
  return { cores, devices: [...devices, processor] };
}

/** PyTorch has to be imported to tell its GPUs, which takes as long as a run's start. */
async function torchDevices(
  wanted: NonNullable<FinetuneConfig['device']>,
  quantized: boolean,
): Promise<{ devices: DeviceFact[]; missing?: string }> {
  const found = await findTorch();
  if (!found.ready) return { devices: [], missing: found.reason };
  if (quantized && found.record.versions['bitsandbytes'] === undefined) {
    const missing = `${found.record.python} has no bitsandbytes, which 4-bit weights need. Run \`finetune setup torch\` to make an environment with it.`;
    return { devices: [], missing };
  }
  if (wanted === 'cpu' || (wanted === 'auto' && (await findGpus()).gpus.length === 0)) return { devices: [] };
  const { devices, problems } = await examineTorch(found.record.python);
  const [first] = problems;
  const facts = devices.map(({ name, usable, detail, bfloat16, count }): DeviceFact => {
    const known = { ...(bfloat16 === undefined ? {} : { bfloat16 }), ...(count === undefined ? {} : { count }) };
    return { name, kind: 'gpu', usable, detail, ...known };
  });
  const missing = first === undefined ? undefined : `${first} Run \`finetune setup torch\` to mend it.`;
  return { devices: facts, ...(missing === undefined ? {} : { missing }) };
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
  const isFile = model.path.endsWith('.gguf');
  const configFile = isFile ? model.path : path.join(model.path, 'config.json');
  const architecture = sayingWhere({ file: configFile }, () => architectureOf(model.config));
  const found = sayingWhere({ file: model.path }, () => modelWeights(architecture, model.weights.values()));
  const weights = [...found.values()];
  return {
    contextLength: architecture.contextLength,
    linearModules: architecture.linearModules.map((module) => module.name),
    parameters: weights.reduce((sum, weight) => sum + weight.shape.reduce((a, b) => a * b, 1), 0),
  };
}

/** What adapter_config.json says, for a run that goes on from an adapter. */
export function adapterFacts(settings: AdapterSettings): AdapterFacts {
  const { rank, alpha, useRslora, useDora = false, modules } = settings;
  return { rank, alpha, useRslora, useDora, targetModules: modules };
}
