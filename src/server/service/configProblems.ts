// Everything that is wrong with a config as it is written: what reading finds, what the schema finds, what the rules find.
import { checkConfig } from '../../config/check.ts';
import type { Environment } from '../../config/environment.ts';
import type { ConfigFacts } from '../../config/facts.ts';
import { inOrder } from '../../config/order.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import type { Problem } from '../../protocol/problem.ts';
import { checkText, type ConfigText } from './configText.ts';

/** Problems by place. While a part of the text is wrong, the rules look at the rest. */
export function configProblems(
  text: ConfigText,
  environment: Environment,
  factsOf: (config: FinetuneConfig) => ConfigFacts,
): Problem[] {
  const { problems, usable } = checkText(text, environment);
  if (!usable) return [...problems];
  return inOrder([...problems, ...checkConfig(usable, factsOf(usable), text.positions)]);
}
