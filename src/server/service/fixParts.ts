// What quick fixes are made of: the broken field and everything around it, and the changes that come up again and again.
import type { ConfigFacts } from '../../config/facts.ts';
import { showValue } from '../../config/words.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { ConfigText } from './configText.ts';
import type { Change } from './textChanges.ts';

export interface Wanted {
  readonly title: string;
  readonly changes: readonly Change[];
  readonly isPreferred?: boolean;
}

export interface Broken {
  readonly text: ConfigText;
  readonly problem: Problem;
  /** Field that the problem is about. */
  readonly path: string;
  readonly facts: ConfigFacts;
}

export const remove = (path: string): Wanted => ({
  title: `Remove ${path}`,
  changes: [{ kind: 'remove', path }],
  isPreferred: true,
});

export const set = (path: string, value: unknown, isPreferred = true): Wanted => ({
  title: `Change to ${showValue(value)}`,
  changes: [{ kind: 'set', path, value }],
  isPreferred,
});
