// run.json: what is needed to name, resume and repeat a run. Checked against its schema whenever it is read.

import runSchema from '../../schemas/run.schema.json' with { type: 'json' };
import { problem } from '../protocol/problem.ts';
import type { RunPhase } from '../protocol/runState.ts';
import { describeSchemaError, lazyValidator } from '../protocol/validate.ts';
import { isErrno, writeFileAtomic } from './atomicFile.ts';
import { runPaths } from './layout.ts';
import { readSmallFile } from './regularFile.ts';

export interface RunManifest {
  readonly version: 1;
  readonly id: string;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** When its last trainer was started, ISO 8601, UTC; `process` is that trainer's, as soon as it has said so. */
  readonly launched: string;
  readonly state: RunPhase;
  /** Absolute path of the config that the run was started from. */
  readonly config_file: string;
  /** Folder that the config's paths are relative to. */
  readonly base_directory: string;
  /** `--set` arguments. */
  readonly overrides: readonly string[];
  /** The last process that worked on the run. */
  readonly process?:
    | {
        readonly pid: number;
        readonly started: string;
        readonly host: string;
        readonly argv: readonly string[];
      }
    | undefined;
  readonly prepared?: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly hashes: RunHashes;
    readonly total_steps: number;
    readonly threads: number;
    readonly device: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly platform: string;
    readonly release: string;
    readonly arch: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memory_bytes: number;
  };
  readonly git?: { readonly commit: string; readonly dirty: boolean };
  readonly ended?: string | undefined;
}

/** sha256 of what the numbers of a run depend on. A resume compares them. */
export interface RunHashes {
  readonly config: string;
  readonly model_config: string;
  readonly weights: string;
  readonly tokenizer: string;
  readonly template: string;
  readonly data: string;
  readonly mask: string;
  /** Of the model that judges answers, where there is one. */
  readonly reward_model?: string;
}

const validator = lazyValidator<RunManifest>(runSchema);

/** In bytes. */
const longestManifest = 4 << 20;

/** Objects in objects. A config has a handful; whatever prints or compares thousands of them runs out of stack. */
const deepest = 200;

/** Reads a run.json. Throws `runs/not-a-run` when there is none, `runs/broken-manifest` when it cannot be used. */
export async function readManifest(folder: string): Promise<RunManifest> {
  const file = runPaths(folder).manifest;
  const text = await readSmallFile(file, longestManifest).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) {
      throw problem('runs/not-a-run', 'This folder holds no run: there is no run.json.', { file: folder });
    }
    throw problem('runs/broken-manifest', `The manifest cannot be read: ${reasonOf(error)}.`, { file });
  });
  const value = parse(text, file);
  if (nestingOf(text) > deepest) {
    throw problem('runs/broken-manifest', `The manifest cannot be used: more than ${deepest} levels of nesting.`, {
      file,
    });
  }
  const validate = validator();
  if (validate(value)) return value;
  throw problem('runs/broken-manifest', `The manifest cannot be used: ${describeSchemaError(validate.errors)}.`, {
    file,
  });
}

/** Writes run.json whole. */
export async function writeManifest(folder: string, manifest: RunManifest): Promise<void> {
  await writeFileAtomic(runPaths(folder).manifest, `${JSON.stringify(manifest, null, 2)}\n`);
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw problem('runs/broken-manifest', `The manifest is not valid JSON: ${reasonOf(error)}.`, { file });
  }
}

/** How deep the brackets of a JSON text lie in each other. */
function nestingOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const [bracket] of text.matchAll(/"(?:[^"\\\\]|\\\\.)*"|[[\]{}]/g)) {
    if (bracket === '[' || bracket === '{') most = Math.max(most, ++depth);
    else if (bracket === ']' || bracket === '}') depth -= 1;
  }
  return most;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
