// Where the hub is and where its cache lies on this machine: the environment variables that Python's tools obey too.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface HubEnvironment {
  /** Address without a trailing slash. */
  readonly endpoint: string;
  /** Folder with `models--org--name` inside. */
  readonly cache: string;
  readonly offline: boolean;
  readonly token: string | undefined;
}

const yes = new Set(['1', 'ON', 'YES', 'TRUE']);

/** Reads HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_TOKEN, HF_TOKEN_PATH and the stored token. */
export async function hubEnvironment(env: NodeJS.ProcessEnv): Promise<HubEnvironment> {
  const path = (value: string) => resolve(value.replace(/^~(?=$|[/\\])/, () => homedir()));
  const home = path(env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'huggingface'));
  const cache = env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub');
  const offline = env['HF_HUB_OFFLINE'] || env['TRANSFORMERS_OFFLINE'] || '';
  const tokenFile = path(env['HF_TOKEN_PATH'] || join(home, 'token'));
  const token = env['HF_TOKEN'] || env['HUGGING_FACE_HUB_TOKEN'] || (await readFile(tokenFile, 'utf8').catch(() => ''));
  return {
    endpoint: (env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, ''),
    cache: path(cache),
    offline: yes.has(offline.toUpperCase()),
    token: token.trim() || undefined,
  };
}
