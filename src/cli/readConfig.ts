// A config file from the command line to a typed config; what is wrong is thrown with its places.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseConfig, type ParsedConfig } from '../config/parse.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { problem, ProblemError } from '../protocol/problem.ts';

/**
 * Reads and parses a config, or a text that stands for it. Throws `cli/cannot-read-config` when there is no such file;
 * problems inside are returned.
 */
export async function parseConfigFile(
  file: string,
  overrides: readonly string[],
  given?: string,
): Promise<ParsedConfig> {
  const text =
    given ??
    (await readFile(file, 'utf8').catch((error: unknown) => {
      throw problem('cli/cannot-read-config', `The config cannot be read: ${reasonOf(error)}.`, { file });
    }));
  return parseConfig(text, file, { environment: process.env, overrides });
}

/** The config, or a ProblemError with everything that is wrong with it. */
export async function readConfigFile(
  file: string,
  overrides: readonly string[],
  given?: string,
): Promise<FinetuneConfig> {
  const { config, problems } = await parseConfigFile(file, overrides, given);
  if (!config) throw new ProblemError(problems);
  return config;
}

/** The run's name: the config's own, or its file's without the endings. */
export function runName(config: FinetuneConfig, file: string): string {
  return config.name ?? basename(file).replace(/(\.finetune)?\.(ya?ml|json)$/i, '');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' || code === 'EPERM' ? 'permission is denied' : error.message;
}
