// The way in: config text, --set overrides and environment to a typed config, or to problems with their places.

import type { Problem } from '../protocol/problem.ts';
import { readDocument, type ConfigDocument } from './document.ts';
import { substituteEnvironment, type Environment } from './environment.ts';
import { inOrder } from './order.ts';
import { applyOverrides } from './overrides.ts';
import type { Positions } from './positions.ts';
import type { FinetuneConfig } from './schema.generated.ts';
import { validateTree } from './validate.ts';

export interface ParseOptions {
  /** What `${env:NAME}` is replaced from; without it every name counts as not set. */
  readonly environment?: Environment;
  /** `--set` values, such as `training.learning_rate=1e-4`, applied in order. */
  readonly overrides?: readonly string[];
}

export interface ParsedConfig {
  /** Absent when there is an error. Defaults are not filled in: `effectiveConfig` does that. */
  readonly config?: FinetuneConfig;
  readonly problems: readonly Problem[];
  readonly positions: Positions;
}

/**
 * Reads a config (YAML 1.2 or JSON) and checks it against the schema. Never throws. `file` is used in places only.
 * What the schema cannot say is checked by `checkConfig`.
 */
export function parseConfig(text: string, file: string, options: ParseOptions = {}): ParsedConfig {
  return checkDocument(applyOverrides(readDocument(text, file), options.overrides ?? []), options.environment ?? {});
}

/** Checks a document that is read already against the schema. Never throws. */
export function checkDocument(document: ConfigDocument, environment: Environment): ParsedConfig {
  const { positions } = document;
  if (document.value === undefined) return { problems: document.problems, positions };
  const substituted = substituteEnvironment(document.value, environment, positions);
  const checked = validateTree(substituted.value, positions);
  const problems = inOrder([...document.problems, ...substituted.problems, ...checked.problems]);
  if (checked.config === undefined || problems.length > 0) return { problems, positions };
  return { config: checked.config, problems, positions };
}
