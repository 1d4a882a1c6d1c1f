// Quick fixes of files that are not there: the nearest name, or else the data files that are there.
import { valueAt } from '../../config/path.ts';
import { nearPaths } from '../../config/rules/files.ts';
import type { ConfigFacts } from '../../config/facts.ts';
import { set, type Broken, type Wanted } from './fixParts.ts';

const mostFiles = 3;
/** Where data lies by custom, beside the config's own folder. */
const dataFolders = ['.', 'data', 'datasets'];

/** A share that was written with `%`, a name that is almost right, or any data file for a field that takes one. */
export function fileFixes(broken: Broken): Wanted[] {
  const { path, text, facts } = broken;
  const file = valueAt(text.document.value, path);
  if (typeof file !== 'string') return [];
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(file)?.[1];
  if (percent !== undefined) return [set(path, Number(percent) / 100)];
  const near = nearPaths(file, facts);
  return near.length > 0 ? near.map((name) => set(path, name, near.length === 1)) : otherFileFixes(broken);
}

/** Data files that are there and are not named yet. */
export function otherFileFixes({ path, text, facts }: Broken): Wanted[] {
  if (!path.startsWith('data.train') && path !== 'data.validation') return [];
  const { train, validation } = trainedOn(text.document.value);
  return dataFilesHere(facts)
    .filter((name) => !train.includes(name) && name !== validation)
    .map((name) => set(path, name, false));
}

function trainedOn(tree: unknown): { train: readonly unknown[]; validation: unknown } {
  const train = valueAt(tree, 'data.train');
  const files: readonly unknown[] = Array.isArray(train)
    ? train.map((item: unknown) => valueAt(item, 'path'))
    : [train];
  return { train: files, validation: valueAt(tree, 'data.validation') };
}

/** The first data files around a config, as it would name them. */
export function dataFilesHere({ listFolder }: ConfigFacts): string[] {
  return dataFolders
    .flatMap((folder) =>
      (listFolder?.(folder) ?? [])
        .filter((name) => /\.(?:jsonl|ndjson|parquet)(?:\.gz)?$/i.test(name))
        .map((name) => (folder === '.' ? name : `${folder}/${name}`))
        .toSorted((a, b) => trainFirst(a) - trainFirst(b) || (a < b ? -1 : 1)),
    )
    .slice(0, mostFiles);
}

function trainFirst(name: string): number {
  return /train/i.test(name) ? 0 : /val|eval|test|dev|held/i.test(name) ? 2 : 1;
}
