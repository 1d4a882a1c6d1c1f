// Whether stored weights are those of a model: every tensor it needs, in the right shape, and nothing beyond.

import type { WeightEntry } from '../../models/types.ts';
import { problem } from '../../protocol/problem.ts';
import type { Architecture } from './context.ts';
import { modelUse } from './modelUse.ts';

/** Findings that are listed before the rest is only counted. */
const listed = 5;

/**
 * The weights that the model uses, by their canonical names, checked. Throws a ProblemError `model/wrong-weights` that
 * names missing and unused tensors and wrong shapes: a tensor nobody uses means that the model computes something else.
 */
export function modelWeights(architecture: Architecture, entries: Iterable<WeightEntry>): Map<string, WeightEntry> {
  const weights = new Map<string, WeightEntry>();
  for (const entry of entries) {
    const name = architecture.canonicalName(entry.name);
    if (!architecture.ignoredWeights.test(name)) weights.set(name, entry.name === name ? entry : { ...entry, name });
  }
  checkWeights(architecture, weights);
  return weights;
}

/** Throws a ProblemError unless the tensors (by canonical name, ignored ones left out) are exactly those of the model. */
export function checkWeights(
  architecture: Architecture,
  stored: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): void {
  const needed = modelUse(architecture).weights;
  const findings: string[] = [];
  for (const [name, shape] of needed) {
    const found = stored.get(name);
    if (!found) findings.push(`${name} [${shape.join(', ')}] is missing`);
    else if (found.shape.join() !== shape.join()) {
      findings.push(
        `${name} has the shape [${found.shape.join(', ')}], but config.json makes it [${shape.join(', ')}]`,
      );
    }
  }
  for (const name of stored.keys()) if (!needed.has(name)) findings.push(`${name} is not used by this model type`);
  if (findings.length === 0) return;
  const rest = findings.length - listed;
  throw problem(
    'model/wrong-weights',
    `The weights are not those of the ${architecture.name} model that config.json describes: ` +
      'choose another model, or put the config.json beside the weights that they were saved with.',
    undefined,
    [...findings.slice(0, listed), ...(rest > 0 ? [`and ${String(rest)} more`] : [])],
  );
}
