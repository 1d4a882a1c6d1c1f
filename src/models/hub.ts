// Fetches a model from the hub into the cache that Python's tools share: only the files needed, resumed, checked.
import { listFiles, modelInfo } from '@huggingface/hub';
import { problem } from '../protocol/problem.ts';
import { explainWriteError } from './files.ts';
import { cachedSnapshot, hubCache, isComplete } from './hubCache.ts';
import type { HubCache } from './hubCache.ts';
import { downloadFile } from './hubDownload.ts';
import type { HubFile } from './hubDownload.ts';
import { hubEnvironment } from './hubEnvironment.ts';
import type { HubEnvironment } from './hubEnvironment.ts';
import { explainHubError, isNoNetwork } from './hubErrors.ts';
import { isCommit } from './hubReference.ts';
import type { HubReference } from './hubReference.ts';
import { neededFiles } from './hubFiles.ts';
import type { ModelProgress } from './progress.ts';

export interface HubOptions {
  readonly onProgress?: (progress: ModelProgress) => void;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/** Questions to the hub are small; no answer for this long counts as no network. */
const answerTimeout = 20_000;

/**
 * The folder of a snapshot with a model's config, tokenizer and safetensors. Uses no network with HF_HUB_OFFLINE or
 * when the revision is a commit that is wholly cached; without a network it falls back on what is cached.
 * @throws ProblemError `models/hub-offline`, `models/hub-no-network`, `models/hub-access`, `models/hub-not-found`,
 *   `models/hub-checksum`, `models/hub-error`, `models/no-weights`, `models/disk-full`; the signal's reason.
 */
export async function fetchFromHub(reference: HubReference, options: HubOptions = {}): Promise<string> {
  const environment = await hubEnvironment(options.env ?? process.env);
  const cache = hubCache(environment.cache, reference.id);
  const cached = await cachedSnapshot(cache, reference.revision);
  const whole = cached !== undefined && (await isComplete(cached));
  if (whole && (environment.offline || isCommit(reference.revision))) return cached;
  if (environment.offline) throw notCached(reference, cached, environment);
  const ask = askingFetch(environment, options.signal);
  try {
    const { commit, files } = await describe(reference, environment, ask);
    await downloadAll(reference, commit, files, cache, environment, options);
    await cache.writeRef(reference.revision, commit);
    return cache.snapshot(commit);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (whole && isNoNetwork(error)) return cached;
    throw explainWriteError(explainHubError(error, reference, environment.endpoint), cache.folder);
  }
}

/** `fetch` with the token, the caller's signal and a time limit; the token goes to the endpoint only. */
function askingFetch(environment: HubEnvironment, signal: AbortSignal | undefined): typeof fetch {
  const timed = () => AbortSignal.any([...(signal ? [signal] : []), AbortSignal.timeout(answerTimeout)]);
  return (input, init) => {
    const headers = new Headers(init?.headers);
    if (environment.token) headers.set('Authorization', `Bearer ${environment.token}`);
    return fetch(input, { ...init, headers, signal: timed() });
  };
}

async function describe(reference: HubReference, environment: HubEnvironment, ask: typeof fetch) {
  const common = { hubUrl: environment.endpoint, fetch: ask };
  const { id, revision } = reference;
  const info = await modelInfo({ ...common, name: id, revision, additionalFields: ['sha'] });
  const commit: unknown = info.sha;
  if (typeof commit !== 'string' || !isCommit(commit)) throw new Error('the hub names no commit for this revision');
  const files: HubFile[] = [];
  for await (const entry of listFiles({ ...common, repo: { type: 'model', name: id }, revision: commit })) {
    if (entry.type !== 'file' || entry.oid === undefined) continue;
    files.push({ path: entry.path, size: entry.size, gitHash: entry.oid, ...(entry.lfs && { sha256: entry.lfs.oid }) });
  }
  return { commit, files: neededFiles(files, reference) };
}

async function downloadAll(
  reference: HubReference,
  commit: string,
  files: readonly HubFile[],
  cache: HubCache,
  environment: HubEnvironment,
  options: HubOptions,
): Promise<void> {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  for (const file of files) {
    options.signal?.throwIfAborted();
    const url = `${environment.endpoint}/${reference.id}/resolve/${commit}/${encodeURIComponent(file.path)}`;
    const onBytes = (bytes: number) =>
      options.onProgress?.({ stage: 'download', item: file.path, done: before + bytes, total });
    await downloadFile(file, url, commit, cache, {
      token: environment.token,
      ...(options.signal && { signal: options.signal }),
      onBytes,
    });
    before += file.size;
    onBytes(0);
  }
}

function notCached(reference: HubReference, cached: string | undefined, environment: HubEnvironment): Error {
  const what = cached === undefined ? 'is not' : 'is only partly';
  return problem(
    'models/hub-offline',
    `${reference.id} at ${reference.revision} ${what} in the cache ${environment.cache}, and HF_HUB_OFFLINE forbids the ` +
      'network. Unset it once to download the model.',
  );
}
