// Fix all: the preferred fix of every problem, one after another, until none is left.
import type { ConfigFacts } from '../../config/facts.ts';
import type { Environment } from '../../config/environment.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import { configProblems } from './configProblems.ts';
import { readConfigText, type ConfigText } from './configText.ts';
import { fixesOf } from './fixes.ts';
import { applyEdits, differenceOf, type Edit } from './textChanges.ts';

/** A fix may bring the next problem to light, but no text needs more rounds than this. */
const mostFixes = 100;

/** One edit that makes every preferred fix; none when there is nothing to fix. */
export function fixAll(
  text: ConfigText,
  environment: Environment,
  factsOf: (config: FinetuneConfig | undefined) => ConfigFacts,
): Edit[] {
  let now = text;
  const seen = new Set([text.text]);
  for (let round = 0; round < mostFixes; round += 1) {
    const current = now;
    let facts: ConfigFacts = factsOf(undefined);
    const problems = configProblems(current, environment, (config) => (facts = factsOf(config)));
    const next = problems
      .flatMap((problem) => fixesOf(problem, current, facts).filter(({ isPreferred }) => isPreferred))
      .map(({ edits }) => applyEdits(current.text, edits))
      .find((after) => !seen.has(after));
    if (next === undefined) break;
    seen.add(next);
    now = readConfigText(next, text.file);
  }
  return differenceOf(text.text, now.text);
}
