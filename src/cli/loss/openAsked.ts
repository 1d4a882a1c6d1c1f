// Whose losses are meant on the command line: a run with the weights that it gave its model, or a config before any run.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseConfig, type ParsedConfig } from '../../config/parse.ts';
import { ProblemError } from '../../protocol/problem.ts';
import { configCopy } from '../../runs/layout.ts';
import { findRun, openRun } from '../../runs/store.ts';
import { weightsOfRun, type RunWeights, type WantedCheckpoint } from '../../trainer/runWeights.ts';
import { parseConfigFile } from '../readConfig.ts';
import { findRunsFolder } from '../workspace.ts';

export interface AskedModel {
  readonly parsed: ParsedConfig & { readonly config: NonNullable<ParsedConfig['config']> };
  /** The config's own file, which its paths are relative to. */
  readonly configFile: string;
  readonly weights: RunWeights;
  /** Id of the run; absent for a config. */
  readonly run?: string;
  /** `start`: before the first step; `result`; or the step of a checkpoint. */
  readonly from: 'start' | 'result' | number;
}

/** Throws a ProblemError for a config or a run that cannot be used, or has no such weights. */
export async function findAsked(
  name: string,
  overrides: readonly string[],
  checkpoint: WantedCheckpoint | undefined,
): Promise<AskedModel> {
  if (/\.(?:ya?ml|json)$/i.test(name)) {
    const parsed = usable(await parseConfigFile(name, overrides));
    return { parsed, configFile: resolve(name), weights: { kind: 'start' }, from: 'start' };
  }
  const run = await openRun(await findRun(findRunsFolder(process.cwd()), name));
  const { manifest } = run;
  const { weights, from } = await weightsOfRun(run, checkpoint);
  const text = await readFile(configCopy(run.folder, manifest.config_file), 'utf8');
  const parsed = parseConfig(text, manifest.config_file, {
    environment: process.env,
    overrides: [...manifest.overrides, ...overrides],
  });
  return { parsed: usable(parsed), configFile: manifest.config_file, weights, run: manifest.id, from };
}

function usable(parsed: ParsedConfig): AskedModel['parsed'] {
  const { config } = parsed;
  if (!config) throw new ProblemError(parsed.problems);
  return { ...parsed, config };
}

export function folderOf({ configFile }: AskedModel): string {
  return dirname(configFile);
}
