// Searching texts by a person's expression: within a time limit, since some expressions never end on some texts.
import { setFlagsFromString } from 'node:v8';
import { createContext, Script } from 'node:vm';
import { problem } from '../protocol/problem.ts';

export interface Needle {
  readonly text: string;
  readonly isRegex: boolean;
  readonly isCaseSensitive: boolean;
}

/** How long one batch of rows may take, in milliseconds. */
const batchLimit = 2000;

/** Most expressions that backtrack without end are then run by V8's engine whose time is linear. */
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

/** Throws `preview/bad-expression` for what is no regular expression. */
export function matcherOf({ text, isRegex, isCaseSensitive }: Needle): (candidate: string) => boolean {
  if (!isRegex) {
    if (isCaseSensitive) return (candidate) => candidate.includes(text);
    const wanted = text.toLowerCase();
    return (candidate) => candidate.toLowerCase().includes(wanted);
  }
  try {
    const expression = new RegExp(text, isCaseSensitive ? 'mu' : 'imu');
    return (candidate) => expression.test(candidate);
  } catch (error) {
    const cause = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    throw problem('preview/bad-expression', `This is not a regular expression: ${cause}`);
  }
}

/** What stands in the sandbox: the one call that the time limit is on. */
const sandbox: { work: () => void } = { work: () => undefined };
const context = createContext(sandbox);
const script = new Script('work()');

/** Does `work`, and throws `preview/slow-expression` when it takes too long: even a single match is interrupted. */
export function withinLimit(work: () => void, limit = batchLimit): void {
  sandbox.work = work;
  try {
    script.runInContext(context, { timeout: limit });
  } catch (error) {
    if (errorCode(error) !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw problem(
      'preview/slow-expression',
      'The expression takes too long on a row of this file: nested repetitions such as (a+)+ are the usual cause. Make it simpler.',
    );
  } finally {
    sandbox.work = () => undefined;
  }
}

/** The error may come from the sandbox, whose `Error` is another one. */
function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
