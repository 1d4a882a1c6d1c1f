// LLaMA-Factory's table of datasets (dataset_info.json), found near a config: it says which files a dataset's name stands for.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Its configs are started from the folder of the checkout, so that `data/` may lie some folders up. */
const levels = 5;

/** The table's text, from `<folder>/dataset_info.json` beside a config or above it; undefined where there is none. */
export async function findDatasetInfo(configFile: string, datasetFolder = 'data'): Promise<string | undefined> {
  let folder = path.dirname(path.resolve(configFile));
  for (let level = 0; level <= levels; level += 1) {
    const file = path.resolve(folder, datasetFolder, 'dataset_info.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
    const parent = path.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}
