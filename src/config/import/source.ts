// What a reader finds in another tool's config: every key with its value and its line, in the order of the file.

import type { Place } from '../../protocol/problem.ts';

export type Tool = 'axolotl' | 'llama-factory' | 'trl' | 'unsloth';

/** How the settings were written. */
export type Dialect = 'yaml' | 'command' | 'python';

export interface SourceKey {
  /** As a person finds it in the file: `datasets[0].path`, `--learning_rate`, `SFTConfig.learning_rate`. */
  readonly shown: string;
  /** For the rules: without call, section and dashes, and with `[]` for every index. */
  readonly name: string;
  /** Call or section around, such as `from_pretrained`. */
  readonly scope?: string;
  /** Indexes that `[]` of the name stand for. */
  readonly indexes: readonly number[];
  /** Plain data, or an `Expression`. Texts of a command line are not parsed yet. */
  readonly value: unknown;
  readonly place: Place;
  /** Set where another place of the file has the say; what is said about this key. */
  readonly overruled?: string;
}

export interface Source {
  readonly dialect: Dialect;
  readonly keys: readonly SourceKey[];
  /** What to know that no key tells, such as further commands in a script. */
  readonly remarks: readonly string[];
}

/** A Python expression whose value only running it would tell. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** `datasets[0].path` → name `datasets[].path` and indexes `[0]`. */
export function nameAndIndexes(path: string): Pick<SourceKey, 'name' | 'indexes'> {
  const indexes = [...path.matchAll(/\[(\d+)\]/g)].map(([, digits]) => Number(digits));
  return { name: path.replaceAll(/\[\d+\]/g, '[]'), indexes };
}

/** The line of a key, for sentences about it. */
export function lineOf(key: SourceKey): number {
  return key.place.line ?? 1;
}
