// label.json: what a person says about a run (a name, a note, a pin). The trainer never reads or writes it.

import path from 'node:path';
import labelSchema from '../../schemas/run-label.schema.json' with { type: 'json' };
import { lazyValidator } from '../protocol/validate.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { readSmallFile } from './regularFile.ts';

export interface RunLabel {
  /** Shown instead of the run's own name. */
  readonly name?: string;
  readonly note?: string;
  readonly pinned?: boolean;
}

export const labelFileName = 'label.json';

/** In bytes. */
const longestLabel = 1 << 20;

const validator = lazyValidator<RunLabel>(labelSchema);

/** What is said about a run; nothing for a run without a label or with a broken one, which is written anew at the next change. */
export async function readLabel(folder: string): Promise<RunLabel> {
  try {
    const value: unknown = JSON.parse(await readSmallFile(path.join(folder, labelFileName), longestLabel));
    return validator()(value) ? value : {};
  } catch {
    return {};
  }
}

/** Changes some of a run's label; an empty text takes the field away. */
export async function changeLabel(folder: string, change: RunLabel): Promise<RunLabel> {
  const { name, note, pinned } = { ...(await readLabel(folder)), ...change };
  const label: RunLabel = {
    ...(name === undefined || name.trim() === '' ? {} : { name: name.trim() }),
    ...(note === undefined || note.trim() === '' ? {} : { note: note.trim() }),
    ...(pinned === true ? { pinned } : {}),
  };
  await writeFileAtomic(path.join(folder, labelFileName), `${JSON.stringify(label, null, 2)}\n`);
  return label;
}
