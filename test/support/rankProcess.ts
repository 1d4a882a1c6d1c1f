// Ranks that answer as a test says, in place of Python processes.

import type { ProblemError } from '../../src/protocol/problem.ts';
import type { Frame } from '../../src/torch/session/frames.ts';
import type { RankProcess, SignOfLife } from '../../src/torch/session/workerProcess.ts';

export interface ScriptedRank extends RankProcess {
  /** Ends the process for a reason. */
  die(why: ProblemError): void;
  closed: boolean;
  tells: SignOfLife;
}

export function scriptedRank(pid: number, answer: (method: string) => Promise<Frame>): ScriptedRank {
  let die: (why: ProblemError) => void = () => undefined;
  const ended = new Promise<ProblemError>((resolve) => (die = resolve));
  const rank: ScriptedRank = {
    pid,
    closed: false,
    tells: { beats: 0, doing: 'all_reduce of gradients', collective: true, count: 0, cpuSeconds: 0 },
    ask: (method) => Promise.race([answer(method), ended.then((why) => Promise.reject(why))]),
    close: () => {
      rank.closed = true;
      return Promise.resolve();
    },
    life: () => rank.tells,
    ended,
    lastLines: () => ['the last line'],
    die,
  };
  return rank;
}
