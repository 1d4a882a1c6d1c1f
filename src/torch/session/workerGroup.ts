// Several Python workers as one: asked together, and ended together with one explanation when one of them fails.

import { noLongerThan } from '../../platform/noLongerThan.ts';
import { problem, ProblemError } from '../../protocol/problem.ts';
import type { Frame } from './frames.ts';
import { createHangWatch } from './hangWatch.ts';
import type { Placement } from './ranks.ts';
import type { RankProcess, WorkerProcess } from './workerProcess.ts';

export interface RankRequest {
  readonly head?: Frame['head'];
  readonly parts?: readonly Uint8Array[];
}

/** `ask` asks rank 0 alone. After a failure of any rank everything else that is asked fails with the same explanation. */
export interface WorkerGroup extends WorkerProcess {
  readonly size: number;
  /** Where its ranks are; absent: on this machine. */
  readonly placement?: Placement;
  /** Asks all ranks at the same time, or only so many of the first; answers come by rank. */
  askAll(method: string, requestOf?: (rank: number) => RankRequest, count?: number): Promise<Frame[]>;
}

/** A worker on its own. */
export function groupOfOne(worker: WorkerProcess): WorkerGroup {
  return {
    size: 1,
    ended: worker.ended,
    ask: (method, head, parts) => worker.ask(method, head, parts),
    askAll: async (method, requestOf) => {
      const { head, parts } = requestOf?.(0) ?? {};
      return [await worker.ask(method, head, parts)];
    },
    close: () => worker.close(),
  };
}

/** Milliseconds between two looks at what the ranks tell of themselves. */
const lookEvery = 1000;
/** Milliseconds in which a rank that fails may turn out to be the victim of another one, whose end is told later. */
const settling = { atLeast: 700, atMost: 4000 };
/** Milliseconds that the end of all ranks is waited for before it is told. */
const closingTime = 1500;
/** What a rank says when its neighbour is gone. */
const isEcho = /gloo|nccl|connection (?:closed|reset|refused)|broken pipe|timed? ?out/i;

interface Fault {
  readonly rank: number;
  readonly problem: ProblemError;
}

export function createWorkerGroup(members: readonly RankProcess[]): WorkerGroup {
  const faults: Fault[] = [];
  let busy = 0;
  // Loading libraries and weights holds up the signs of life for a while.
  let steady = false;
  let closing = false;
  let tellFailure: (why: ProblemError) => void = () => undefined;
  const checks: (() => void)[] = [];
  const untilFault = (is: (fault: Fault) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (faults.some(is)) resolve();
      };
      checks.push(check);
      check();
    });
  const ended = new Promise<ProblemError>((resolve) => (tellFailure = resolve));
  const failure = ended.then((why) => Promise.reject(why));
  failure.catch(() => undefined);
  let failed: Promise<never> | undefined;

  const report = (rank: number, found: unknown): Promise<never> => {
    const why = found instanceof ProblemError ? found : problem('torch/worker-failed', String(found));
    if (!faults.some((fault) => fault.rank === rank && fault.problem === why)) faults.push({ rank, problem: why });
    for (const check of checks) check();
    failed ??= settle();
    return failed;
  };
  const settle = async (): Promise<never> => {
    const doing = members.map((member) => member.life().doing);
    // Who hangs was found by looking at all of them: nothing more is to come.
    await noLongerThan(settling.atLeast, untilFault(isHang));
    await noLongerThan(
      settling.atMost - settling.atLeast,
      untilFault((fault) => !isEchoOf(fault)),
    );
    const why = explain(faults, members, doing);
    await noLongerThan(closingTime, closeAll());
    tellFailure(why);
    throw why;
  };
  const closeAll = async (): Promise<void> => {
    closing = true;
    clearInterval(timer);
    await Promise.all(members.map((member) => member.close()));
  };
  for (const [rank, member] of members.entries()) {
    void member.ended.then((why) => {
      if (!closing) void report(rank, why).catch(() => undefined);
    });
  }

  let watch = createHangWatch();
  const timer = setInterval(() => {
    if (busy === 0 || !steady || failed) {
      watch = createHangWatch();
      return;
    }
    const hang = watch(members.map((member) => member.life()));
    for (const rank of hang?.ranks ?? []) {
      const message = `${nameOf(rank, members)} ${hang!.what}, so the run's processes were ended.`;
      void report(rank, problem('torch/worker-hung', message)).catch(() => undefined);
    }
  }, lookEvery);
  timer.unref();

  const askRank = async (rank: number, method: string, { head, parts }: RankRequest): Promise<Frame> => {
    if (failed) return failed;
    busy += 1;
    try {
      const answer = members[rank]!.ask(method, head, parts);
      return await Promise.race([answer.catch((error: unknown) => report(rank, error)), failure]);
    } finally {
      busy -= 1;
    }
  };
  return {
    size: members.length,
    ended,
    ask: (method, head = {}, parts = []) => askRank(0, method, { head, parts }),
    async askAll(method, requestOf = () => ({}), count = members.length) {
      const asked = members.slice(0, count);
      const answers = await Promise.all(asked.map((_, rank) => askRank(rank, method, requestOf(rank))));
      steady ||= method === 'create';
      return answers;
    },
    close: closeAll,
  };
}

/** How sentences call a rank. */
export function rankName(rank: number, size: number): string {
  return `Rank ${rank} of ${size}`;
}

function nameOf(rank: number, members: readonly RankProcess[]): string {
  const { pid } = members[rank]!;
  return `${rankName(rank, members.length)}${pid === undefined ? '' : ` (process ${pid})`}`;
}

function isHang({ problem: { problems } }: Fault): boolean {
  return problems[0]?.code === 'torch/worker-hung';
}

function isEchoOf({ problem: { problems } }: Fault): boolean {
  const [main] = problems;
  return main?.code === 'torch/worker-failed' && isEcho.test(main.message);
}

/** The fault that others follow from, with what each rank was doing and what the faulty one said last. */
function explain(faults: readonly Fault[], members: readonly RankProcess[], doing: readonly string[]): ProblemError {
  const order = [
    'torch/no-host',
    'torch/worker-hung',
    'torch/worker-died',
    'torch/out-of-memory',
    'torch/refused',
    'torch/cannot-start',
  ];
  const weight = (fault: Fault): number => {
    if (isEchoOf(fault)) return order.length + 1;
    const at = order.indexOf(fault.problem.problems[0]?.code ?? '');
    return at < 0 ? order.length : at;
  };
  const [first] = faults.toSorted((a, b) => weight(a) - weight(b));
  const main = first!.problem.problems[0]!;
  const others = doing.map((what, rank) => `${nameOf(rank, members)} was at: ${what}.`);
  const said = main.details ?? members[first!.rank]!.lastLines();
  return problem(main.code, main.message, main.place, [...others, ...said]);
}
