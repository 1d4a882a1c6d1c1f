// The hub's cache on disk, in the layout of Python's huggingface_hub: blobs by hash, refs by name, snapshots by commit.
import { copyFile, mkdir, readFile, readdir, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { errorCode, readTextIfPresent, writeTextAtomically } from './files.ts';
import { isCommit } from './hubReference.ts';
import { indexName, readIndex, singleName } from './shards.ts';

/** The places of one repository. */
export interface HubCache {
  readonly folder: string;
  /** A file's content by its hash (sha256 of large files, git's hash of small ones). */
  blob(hash: string): string;
  snapshot(commit: string): string;
  /** Makes a snapshot's file point at its blob; copies where links are not allowed (Windows without developer mode). */
  link(commit: string, path: string, hash: string): Promise<void>;
  writeRef(revision: string, commit: string): Promise<void>;
}

/** `models--org--name` inside the cache folder. */
export function hubCache(cache: string, id: string): HubCache {
  const folder = join(cache, `models--${id.replace('/', '--')}`);
  const blob = (hash: string) => join(folder, 'blobs', hash);
  const snapshot = (commit: string) => join(folder, 'snapshots', commit);
  return {
    folder,
    blob,
    snapshot,
    link: async (commit, path, hash) => {
      const link = join(snapshot(commit), path);
      await mkdir(dirname(link), { recursive: true });
      await rm(link, { force: true });
      try {
        await symlink(relative(dirname(link), blob(hash)), link);
      } catch (error) {
        if (errorCode(error) === 'EEXIST') return; // another process made the same link
        await copyFile(blob(hash), link);
      }
    },
    writeRef: async (revision, commit) => {
      if (!isCommit(revision)) await writeTextAtomically(join(folder, 'refs', revision), commit);
    },
  };
}

/** The snapshot that a revision stands for as far as the cache knows, or undefined. */
export async function cachedSnapshot(cache: HubCache, revision: string): Promise<string | undefined> {
  const commit = isCommit(revision)
    ? revision
    : await readFile(join(cache.folder, 'refs', revision), 'utf8').catch(() => '');
  if (!isCommit(commit.trim())) return undefined;
  const folder = cache.snapshot(commit.trim());
  return (await exists(folder)) ? folder : undefined;
}

/** True when a snapshot has all that a model needs: config, tokenizer, and the weights that its index names. */
export async function isComplete(snapshot: string): Promise<boolean> {
  for (const name of ['config.json', 'tokenizer.json']) if (!(await exists(join(snapshot, name)))) return false;
  const index = join(snapshot, indexName);
  const text = await readTextIfPresent(index);
  if (text === undefined) return exists(join(snapshot, singleName));
  const shards = new Set(readIndex(text, index).values());
  for (const name of await readdir(snapshot)) if (await exists(join(snapshot, name))) shards.delete(name);
  return shards.size === 0;
}

/** Follows links: a link to a blob that is gone does not count. */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Ids (`org/name`) of the models in a cache folder whose `main` is there whole; none where there is no such folder. */
export async function cachedModels(cache: string): Promise<string[]> {
  const names = await readdir(cache).catch(() => []);
  const ids = names.flatMap((name) => /^models--(.+?)--(.+)$/.exec(name)?.slice(1).join('/') ?? []);
  const whole = await Promise.all(
    ids.map(async (id) => {
      const snapshot = await cachedSnapshot(hubCache(cache, id), 'main');
      return snapshot !== undefined && (await isComplete(snapshot));
    }),
  );
  return ids.filter((_, index) => whole[index]).sort();
}
