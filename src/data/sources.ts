// Resolves `data.train` and `data.validation` to files: a path, a glob, or a list of them with weights.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { sidecarPath } from './exclusions.ts';
import { nearestName } from './nearestName.ts';
import { problem, type ProblemError } from '../protocol/problem.ts';
import type { Columns, Format } from './formats/format.ts';

/** One entry of the list form; the other forms are a list of one. */
export interface SourceSpec {
  /** A path or glob, relative to the config file. */
  readonly path: string;
  /**
   * How often a row takes part in an epoch: 2 = twice, 0.5 = every other row, chosen by the hash of its content (the
   * same rows each time), 2.5 = two times each and every other row a third time. The default is 1.
   */
  readonly weight?: number | undefined;
  readonly format?: Format | 'auto' | undefined;
  readonly columns?: Columns | undefined;
}

export interface SourceFile {
  /** Absolute path. */
  readonly file: string;
  /** Path relative to the config file, with forward slashes on every system: the start of sample ids. */
  readonly shownAs: string;
  /** The path or glob of the config that led here, as it is written there. */
  readonly writtenAs: string;
  readonly weight: number;
  readonly format: Format | 'auto';
  readonly columns: Columns;
}

/**
 * Files in the order of the list; the files of a glob in the order of their names. Throws `data/missing-file` or
 * `data/no-match`. `defaults` are the format and columns of the config, for entries that have none of their own.
 */
export async function resolveSources(
  specs: string | readonly SourceSpec[],
  baseDirectory: string,
  defaults: { readonly format: Format | 'auto'; readonly columns: Columns },
): Promise<SourceFile[]> {
  const list = typeof specs === 'string' ? [{ path: specs }] : specs;
  const resolved: SourceFile[] = [];
  for (const spec of list) {
    for (const file of await matchingFiles(spec.path, baseDirectory)) {
      resolved.push({
        file,
        shownAs: shownPath(file, baseDirectory),
        writtenAs: spec.path,
        weight: spec.weight ?? 1,
        format: spec.format ?? defaults.format,
        columns: spec.columns ?? defaults.columns,
      });
    }
  }
  return resolved;
}

async function matchingFiles(pattern: string, baseDirectory: string): Promise<string[]> {
  const literal = path.resolve(baseDirectory, pattern);
  if (existsSync(literal)) return [literal]; // also a file whose name happens to hold glob characters
  if (!isDynamicPattern(pattern)) throw await missingFile(pattern, baseDirectory);
  // Backslashes are separators to people on Windows, but escapes in a glob.
  const portable = path.sep === '\\' ? pattern.replaceAll('\\', '/') : pattern;
  const options = { cwd: baseDirectory, absolute: true, expandDirectories: false, onlyFiles: true };
  // A sidecar lies beside its dataset and would be met by `data/*`.
  const files = await glob(portable, { ...options, ignore: sidecarPath('**/*') });
  if (files.length === 0) throw problem('data/no-match', `No file matches ${pattern} (in ${baseDirectory}).`);
  return files.map((file) => path.normalize(file)).sort((a, b) => (a < b ? -1 : 1));
}

async function missingFile(pattern: string, baseDirectory: string): Promise<ProblemError> {
  const folder = path.dirname(path.resolve(baseDirectory, pattern));
  const names = await readdir(folder).catch(() => undefined);
  const near = names === undefined ? undefined : nearestName(path.basename(pattern), names);
  const folderHint = names === undefined ? ` There is no folder ${shownPath(folder, baseDirectory)} either.` : '';
  const hint = near === undefined ? folderHint : ` Did you mean ${shownPath(path.join(folder, near), baseDirectory)}?`;
  return problem('data/missing-file', `There is no file ${pattern} (in ${baseDirectory}).${hint}`, { file: pattern });
}

function shownPath(file: string, baseDirectory: string): string {
  const relative = path.relative(baseDirectory, file);
  return (path.isAbsolute(relative) ? file : relative).replaceAll('\\', '/');
}
