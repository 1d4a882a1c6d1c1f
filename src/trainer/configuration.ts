// The run folder's copy of a config, read again by the trainer: parsed, overridden, and checked before anything is loaded.

import { readFile } from 'node:fs/promises';
import { checkConfig } from '../config/check.ts';
import type { MachineFacts } from '../config/facts.ts';
import { parseConfig } from '../config/parse.ts';
import type { Positions } from '../config/positions.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { ProblemError, type Problem } from '../protocol/problem.ts';
import { configCopy } from '../runs/layout.ts';
import type { RunManifest } from '../runs/manifest.ts';
import { fileFacts, machineFacts } from './facts.ts';
import { BadConfigError } from './preparedRun.ts';

export interface ReadConfiguration {
  readonly config: FinetuneConfig;
  readonly positions: Positions;
  readonly machine: MachineFacts;
}

/**
 * What was decided by itself when the run began stays decided: another number of threads or another device would change
 * the last bits of every number. Whoever resumes may still choose to compute activations again.
 */
export async function readConfiguration(runFolder: string, manifest: RunManifest): Promise<ReadConfiguration> {
  const text = await readFile(configCopy(runFolder, manifest.config_file), 'utf8');
  const overrides = [...manifest.overrides, ...decidedBefore(manifest)];
  // Places name the person's own file, not the copy.
  const parsed = parseConfig(text, manifest.config_file, { environment: process.env, overrides });
  if (!parsed.config) throw new BadConfigError(new ProblemError(parsed.problems));
  const { config, positions } = parsed;
  const machine = await machineFacts(config);
  refuseErrors(checkConfig(config, { ...fileFacts(manifest.base_directory), machine }, positions));
  return { config, positions, machine };
}

/** Throws BadConfigError when there is an error among the problems; returns the others. */
export function refuseErrors(problems: readonly Problem[]): Problem[] {
  const errors = problems.filter((found) => found.severity === 'error');
  if (errors.length > 0) throw new BadConfigError(new ProblemError(errors));
  return problems.filter((found) => found.severity === 'warning');
}

function decidedBefore({ prepared, overrides }: RunManifest): string[] {
  if (!prepared) return [];
  const isSaid = overrides.some((text) => /^training\.gradient_checkpointing=(?:true|false)$/.test(text));
  const training = prepared.config['training'];
  const recompute: unknown =
    typeof training === 'object' && training !== null ? Reflect.get(training, 'gradient_checkpointing') : undefined;
  return [
    `device=${prepared.device}`,
    `threads=${prepared.threads}`,
    ...(typeof recompute === 'boolean' && !isSaid ? [`training.gradient_checkpointing=${recompute}`] : []),
  ];
}
