// What the outside world has to say about a config, as data: the room itself looks at no disk, model or machine.

import type { DataFormat, FinetuneConfig } from './schema.generated.ts';

export type Device = Exclude<NonNullable<FinetuneConfig['device']>, 'auto' | 'gpu'>;

/** One device of the config's engine on this machine. */
export interface DeviceFact {
  readonly name: Device;
  readonly kind: 'cpu' | 'gpu';
  readonly usable: boolean;
  /** Why it is not usable, or what it is (such as the card's name). */
  readonly detail?: string;
  /** Whether it is fast in bfloat16; told by the torch engine of its GPUs. */
  readonly bfloat16?: boolean;
  /** How many of it this machine has; told by the torch engine of its GPUs. */
  readonly count?: number;
}

export interface MachineFacts {
  /** Physical cores. */
  readonly cores: number;
  /** Best first: `device: auto` takes the first usable one. */
  readonly devices: readonly DeviceFact[];
  /** Why the torch engine cannot be used, with what mends it; absent when it can, or when the config does not ask for it. */
  readonly torchMissing?: string;
}

export interface ModelFacts {
  /** Longest sequence that the model was made for, in tokens. */
  readonly contextLength: number;
  /** Names of the linear layers, full (`model.layers.0.self_attn.q_proj`) or last parts only (`q_proj`). */
  readonly linearModules: readonly string[];
  readonly parameters: number;
}

/** What adapter_config.json of `lora.init_from` says. */
export interface AdapterFacts {
  readonly rank: number;
  readonly alpha: number;
  readonly targetModules: 'all-linear' | readonly string[];
  readonly useRslora: boolean;
  readonly useDora: boolean;
}

/** Everything is optional: a rule whose facts are not known finds nothing. */
export interface ConfigFacts {
  /** Paths are as written in the config, relative to its folder. */
  readonly fileExists?: (path: string) => boolean;
  /** Number of files that a glob matches. */
  readonly countMatches?: (glob: string) => number;
  /** Names in a folder (`.` is the config's own), to propose the nearest; empty where there is no such folder. */
  readonly listFolder?: (folder: string) => readonly string[];
  /** What stands in the way of writing into a folder (which need not be there yet); undefined when nothing does. */
  readonly cannotWrite?: (
    folder: string,
  ) => { readonly path: string; readonly reason: 'file' | 'forbidden' } | undefined;
  readonly model?: ModelFacts;
  readonly adapter?: AdapterFacts;
  /** Of `reward.model`, once it was looked at: why it cannot judge the answers of the model, as a sentence. */
  readonly rewardModel?: { readonly unusable?: string };
  /** Rows of one epoch after the split (weights of files counted in), and rows to validate on. */
  readonly rows?: { readonly train: number; readonly validation: number };
  /** Formats found in the data where the config says `auto`, by the path as written. */
  readonly formats?: Readonly<Record<string, Exclude<DataFormat, 'auto'>>>;
  readonly machine?: MachineFacts;
  /** Peak bytes of a step that keeps all activations, and the bytes free for it on the device. */
  readonly memory?: { readonly neededBytes: number; readonly freeBytes: number };
}
