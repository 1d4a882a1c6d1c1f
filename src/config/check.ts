// What the schema cannot say: runs every cross-field rule over a config and the facts known about it.

import type { Problem } from '../protocol/problem.ts';
import type { ConfigFacts } from './facts.ts';
import { inOrder } from './order.ts';
import { placeOf, type Positions } from './positions.ts';
import { configRules } from './rules/table.ts';
import type { FinetuneConfig } from './schema.generated.ts';

/** Problems of all rules, in the order of the file. Without `positions` of `parseConfig` they have no places. */
export function checkConfig(config: FinetuneConfig, facts: ConfigFacts, positions?: Positions): Problem[] {
  const problems = configRules.flatMap(({ code, severity, check }) =>
    check(config, facts).map(({ path, part, message }): Problem => {
      const place = positions && placeOf(positions, path, part ?? 'value');
      return { code, severity, message, ...(place ? { place } : {}) };
    }),
  );
  return inOrder(problems);
}
