// What lies around an open config: files, the model that it names, columns of its data, models that are on this machine.
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ConfigFacts, MachineFacts, ModelFacts } from '../config/facts.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { looksLike, type Looks } from '../data/formats/detect.ts';
import { readRows } from '../data/read/readRows.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import { readAdapter } from '../models/adapter.ts';
import { cachedModels } from '../models/hubCache.ts';
import { hubEnvironment } from '../models/hubEnvironment.ts';
import { readModelOutline } from '../models/outline.ts';
import { examineRewardFolder } from '../models/rewardModel.ts';
import { readCpu } from '../platform/cpu.ts';
import { ProblemError } from '../protocol/problem.ts';
import { adapterFacts, fileFacts } from '../trainer/facts.ts';
import { lookups, type Lookups } from './lookups.ts';

/** What the first rows of a data file show. */
export interface RowsOutline {
  readonly columns: readonly string[];
  readonly looks: Looks;
}

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export interface Surroundings {
  /** What is known at once; what is not is asked for in the background, and `news` tells when it has come. */
  facts(file: string | undefined, config: FinetuneConfig | undefined): ConfigFacts;
  model(reference: string, file: string | undefined): Promise<ModelFacts | undefined>;
  rows(path: string, file: string | undefined): Promise<RowsOutline | undefined>;
  /** Names in a folder, relative to the config's; folders first. */
  folder(path: string, file: string | undefined): FolderEntry[];
  cachedModels(): Promise<readonly string[]>;
  machine(): Promise<MachineFacts>;
  expire(): void;
}

const rowsLookedAt = 20;
const longestFolder = 2_000;

/** `news` is told when something that was asked for has come to be known. */
export function lookAround(news: () => void): Surroundings {
  const models = lookups(modelOutline, news);
  const adapters = lookups(async (folder) => adapterFacts((await readAdapter(folder)).settings), news);
  const judges = lookups(rewardModelFacts, news);
  const rows = lookups(rowsOutline, news);
  const hub = lookups(
    async () => cachedModels((await hubEnvironment(process.env)).cache),
    () => undefined,
  );
  const globs = lookups(async (key) => {
    const [folder = '.', pattern = ''] = key.split('\0');
    const { glob } = await import('tinyglobby');
    return (await glob(pattern, { cwd: folder, expandDirectories: false })).length;
  }, news);
  const all: readonly Lookups<unknown>[] = [models, adapters, judges, rows, hub, globs];
  let machine: Promise<MachineFacts> | undefined;

  return {
    facts(file, config) {
      if (file === undefined) return {};
      const folder = dirname(file);
      const base = fileFacts(folder);
      // A pattern may lead through a large tree: until it has been counted, it counts as matching.
      const countMatches = (pattern: string): number => globs.now(`${folder}\0${pattern}`) ?? 1;
      const model = config && models.now(modelKey(config.model, folder));
      const initFrom = config?.lora?.init_from;
      const adapter = initFrom === undefined ? undefined : adapters.now(resolve(folder, initFrom));
      const judge = config?.reward?.model;
      const rewardModel = judge === undefined ? undefined : judges.now(resolve(folder, judge));
      // With columns renamed a row looks like something else; the run finds out what.
      const files = config?.data.columns ? [] : dataFiles(config);
      const formats = Object.fromEntries(
        files.flatMap((path) => {
          const looks = rows.now(resolve(folder, path))?.looks;
          return looks === undefined || looks === 'unknown' ? [] : [[path, looks] as const];
        }),
      );
      const asked = {
        ...(model ? { model } : {}),
        ...(adapter ? { adapter } : {}),
        ...(rewardModel ? { rewardModel } : {}),
      };
      return { ...base, countMatches, formats, ...asked };
    },
    model: (reference, file) => models.soon(modelKey(reference, file === undefined ? '.' : dirname(file))),
    rows: (path, file) => rows.soon(resolve(file === undefined ? '.' : dirname(file), path)),
    folder(path, file) {
      if (file === undefined && !/^[/~]/.test(path)) return [];
      return entriesOf(resolve(file === undefined ? '/' : dirname(file), path));
    },
    cachedModels: async () => (await hub.soon('hub')) ?? [],
    machine: () => (machine ??= machineOf()),
    expire() {
      for (const kept of all) kept.expire();
    },
  };
}

/** Cores and the processor: which GPU a run would take is found out when it starts. */
async function machineOf(): Promise<MachineFacts> {
  const cpu = await readCpu();
  const devices = [{ name: 'cpu', kind: 'cpu', usable: true, detail: cpu.model }] as const;
  return { cores: Math.min(cpu.cores ?? cpu.threads, cpu.threads), devices };
}

function modelKey(reference: string, folder: string): string {
  return `${folder}\0${reference}`;
}

async function modelOutline(key: string): Promise<ModelFacts | undefined> {
  const [baseDirectory = '.', reference = ''] = key.split('\0');
  if (reference === '') return undefined;
  const outline = await readModelOutline(reference, { baseDirectory });
  if (!outline) return undefined;
  const { contextLength, linearModules } = architectureOf(outline.config);
  // Without weights the size is not known, and a model that is not known to be small counts as large.
  const parameters = outline.parameters ?? Number.MAX_SAFE_INTEGER;
  return { contextLength, linearModules: linearModules.map(({ name }) => name), parameters };
}

/** Vocabularies are compared when the run is checked: reading them takes too long while somebody types. */
async function rewardModelFacts(folder: string): Promise<ConfigFacts['rewardModel']> {
  if (!isFolder(folder)) return undefined;
  try {
    await examineRewardFolder(folder);
    return {};
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { unusable: error.problems.map(({ message }) => message).join(' ') };
  }
}

async function rowsOutline(path: string): Promise<RowsOutline | undefined> {
  const columns = new Map<string, number>();
  let looks: Looks | undefined;
  let count = 0;
  for await (const read of readRows(path, path)) {
    if (read.ok) {
      for (const name of Object.keys(read.row.value)) columns.set(name, (columns.get(name) ?? 0) + 1);
      looks ??= looksLike(read.row.value, {});
    }
    count += 1;
    if (count >= rowsLookedAt) break;
  }
  return looks === undefined ? undefined : { columns: [...columns.keys()], looks };
}

/** Training and validation files that are no patterns. */
function dataFiles(config: FinetuneConfig | undefined): string[] {
  if (!config) return [];
  const { train, validation } = config.data;
  const files = typeof train === 'string' ? [train] : train.map(({ path }) => path);
  return [...files, ...(typeof validation === 'string' ? [validation] : [])].filter((path) => !/[*?{}[\]]/.test(path));
}

function entriesOf(folder: string): FolderEntry[] {
  try {
    const found = readdirSync(folder, { withFileTypes: true }).slice(0, longestFolder);
    const entries = found.map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name))),
    }));
    return entries.sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name));
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
