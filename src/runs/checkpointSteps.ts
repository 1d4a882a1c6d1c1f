// Which checkpoints lie in a folder, told by their names.

import { readdir } from 'node:fs/promises';

/** Steps of the checkpoints in a folder of checkpoints, first to last; their content is not looked at. */
export async function stepsIn(checkpoints: string): Promise<number[]> {
  const names = await readdir(checkpoints).catch(() => []);
  return names
    .flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}
