// Which Python the torch engine uses: torch.json in the data directory, written when an environment is whole.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lazyValidator } from '../../protocol/validate.ts';
import { dataDirectory } from '../../platform/dataDirectory.ts';

export interface TorchRecord {
  readonly version: 1;
  /** The interpreter. */
  readonly python: string;
  /** True for the environment that `finetune setup torch` made, false for one that a person chose. */
  readonly managed: boolean;
  /** Versions of Python and its packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** sha256 of the lock file that a managed one was made from. */
  readonly lock?: string;
  /** Configs (absolute paths) on whose plan this environment agreed with the embedded engine, newest first. */
  readonly rehearsed?: readonly string[];
}

/** Configs that are remembered as rehearsed. */
const remembered = 100;

const validator = lazyValidator<TorchRecord>({
  type: 'object',
  required: ['version', 'python', 'managed', 'versions'],
  properties: {
    version: { const: 1 },
    python: { type: 'string', minLength: 1 },
    managed: { type: 'boolean' },
    versions: { type: 'object', additionalProperties: { type: 'string' } },
    lock: { type: 'string' },
    rehearsed: { type: 'array', items: { type: 'string' } },
  },
});

export interface TorchPlaces {
  readonly record: string;
  /** The folder of the environment that this program makes. */
  readonly environment: string;
}

export function torchPlaces(data: string = dataDirectory()): TorchPlaces {
  return { record: path.join(data, 'torch.json'), environment: path.join(data, 'torch') };
}

/** Undefined where there is none, or none that can be read. */
export async function readTorchRecord(places: TorchPlaces): Promise<TorchRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(places.record, 'utf8'));
    const validate = validator();
    return validate(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all: its being there says that the environment is. */
export async function writeTorchRecord(places: TorchPlaces, record: TorchRecord): Promise<void> {
  await mkdir(path.dirname(places.record), { recursive: true });
  const temporary = `${places.record}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
  await rename(temporary, places.record);
}

/** Remembers that a config was rehearsed, or that its rehearsal failed. An environment made anew has nothing to remember. */
export async function noteRehearsal(places: TorchPlaces, configFile: string, agrees: boolean): Promise<void> {
  const record = await readTorchRecord(places);
  if (!record) return;
  const file = path.resolve(configFile);
  const others = (record.rehearsed ?? []).filter((known) => known !== file);
  await writeTorchRecord(places, { ...record, rehearsed: (agrees ? [file, ...others] : others).slice(0, remembered) });
}

export async function forgetTorch(places: TorchPlaces): Promise<void> {
  await rm(places.record, { force: true });
}
