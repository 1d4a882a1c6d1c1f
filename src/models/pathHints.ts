// What to say about a model path that does not exist: how far the path goes, and which name there is nearest.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { nearest } from '../config/suggest.ts';
import { problem } from '../protocol/problem.ts';
import type { ProblemError } from '../protocol/problem.ts';

/**
 * A path that exists and is what a misspelled reference means. Names with other digits are other models, not slips:
 * with a folder `Qwen/Qwen3-1.7B` here, `Qwen/Qwen3-0.6B` still names a model of the hub.
 */
export async function misspelledPath(path: string): Promise<string | undefined> {
  const near = await resembledPath(path);
  const digits = (text: string) => text.replaceAll(/\D/g, '');
  return near !== undefined && digits(near) === digits(await firstMissing(path)) ? near : undefined;
}

/** A path that does exist and is spelled almost like this one, if there is one. */
async function resembledPath(path: string): Promise<string | undefined> {
  const missing = await firstMissing(path);
  const names = await readdir(dirname(missing)).catch(() => []);
  const near = nearest(basename(missing), names, (name) => name)[0];
  return near === undefined ? undefined : join(dirname(missing), near);
}

/** The error for a reference that is no existing path and no hub id. */
export async function pathMissing(reference: string, path: string): Promise<ProblemError> {
  const missing = await firstMissing(path);
  const near = await resembledPath(path);
  const there = await readdir(dirname(missing)).catch(() => []);
  const seen = there.filter((name) => !name.startsWith('.')).sort();
  const list = seen.length === 0 ? 'nothing' : seen.slice(0, 8).join(', ') + (seen.length > 8 ? ' …' : '');
  const hint = near === undefined ? `${dirname(missing)} holds ${list}.` : `Did you mean ${near}?`;
  return problem(
    'models/not-found',
    `There is no model at ${missing}. ${hint} ` +
      `A model is a folder, a .gguf file or a hub id such as org/name; \`${reference}\` is read as a path.`,
  );
}

/** The outermost part of a path that does not exist. */
async function firstMissing(path: string): Promise<string> {
  const parent = dirname(path);
  if (parent === path) return path;
  const exists = await readdir(parent).then(
    () => true,
    () => false,
  );
  return exists ? path : firstMissing(parent);
}
