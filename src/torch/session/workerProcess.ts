// The Python worker as a process: started, asked one thing at a time, watched, and never left behind.

import { spawn, type ChildProcess } from 'node:child_process';
import { isMachineBusy } from '../../engine/machineLoad.ts';
import { countMemoryKills } from '../../platform/memoryKills.ts';
import { problem, type ProblemError } from '../../protocol/problem.ts';
import { createFrameDecoder, encodeFrame, type Frame } from './frames.ts';
import { keepEnd, lastLines, ranOutOfMemory } from './lastWords.ts';

export interface WorkerOptions {
  /** The Python interpreter of the environment. */
  readonly python: string;
  /** The folder of the worker's package. */
  readonly program: string;
  /** Takes what the worker and its libraries print. */
  readonly onOutput: (text: string) => void;
  /** How sentences call it; `The Python worker` when absent. */
  readonly name?: string;
  /** What starts it, where that is not its Python on this machine. */
  readonly command?: readonly string[];
}

export interface WorkerProcess {
  /** Asks for something and waits for the answer. Throws a ProblemError when the worker refuses, fails, hangs or dies. */
  ask(method: string, head?: Frame['head'], parts?: readonly Uint8Array[]): Promise<Frame>;
  /** Why it has ended by itself; one that was closed may say so too. */
  readonly ended: Promise<ProblemError>;
  /** Ends the process, whatever it is doing, and waits until it is gone. */
  close(): Promise<void>;
}

/** What a worker tells of itself every second. */
export interface SignOfLife {
  /** Signs so far; when they stop, nothing of the process runs any more. */
  readonly beats: number;
  /** What its main thread does, in words. */
  readonly doing: string;
  /** Whether that is a collective, which ends when every rank takes part. */
  readonly collective: boolean;
  /** Grows with everything that its main thread begins or ends. */
  readonly count: number;
  readonly cpuSeconds: number;
}

/** A worker that others depend on. */
export interface RankProcess extends WorkerProcess {
  readonly pid: number | undefined;
  readonly life: () => SignOfLife;
  /** The last lines that it printed. */
  readonly lastLines: () => string[];
}

/** Time between two looks at the worker's signs of life, in milliseconds. It sends one every second. */
const lookEvery = 2000;
/** Looks in a row without a sign of life after which it counts as hanging. */
const patience = 15;

export function startWorker(options: WorkerOptions): RankProcess {
  const { python, program, onOutput, name = 'The Python worker' } = options;
  // Its name is read by nobody but people who look at the processes of the machine.
  const own = [python, '-s', program, ...(options.name === undefined ? [] : [options.name])];
  const [executable, ...args] = (options.command ?? own) as [string, ...string[]];
  const child = spawn(executable, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: workerEnvironment(process.env),
    windowsHide: true,
  });
  const killsBefore = countMemoryKills();
  const pending = new Map<number, { resolve: (frame: Frame) => void; reject: (error: Error) => void }>();
  const decoder = createFrameDecoder();
  let nextId = 0;
  let output = '';
  let ended: ProblemError | undefined;
  let tellEnd: (why: ProblemError) => void = () => undefined;
  const end = (error: ProblemError): void => {
    ended ??= error;
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
    tellEnd(ended);
  };
  let life: SignOfLife = { beats: 0, doing: 'starting', collective: false, count: 0, cpuSeconds: 0 };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = keepEnd(output + text);
    onOutput(text);
  });
  child.stdin.on('error', () => undefined); // its exit tells more
  child.stdout.on('data', (piece: Buffer) => {
    try {
      for (const frame of decoder.push(piece)) receive(frame);
    } catch (error) {
      end(brokenChannel(name, error));
      child.kill('SIGKILL');
    }
  });
  const receive = (frame: Frame): void => {
    life = { ...life, ...readBeat(frame.head['beat']), beats: life.beats + 1 };
    const { id } = frame.head;
    const waiting = typeof id === 'number' ? pending.get(id) : undefined;
    if (typeof id !== 'number' || !waiting) return;
    pending.delete(id);
    if (frame.head['ok'] === true) waiting.resolve(frame);
    else waiting.reject(errorOf(name, frame.head['error'], output));
  };
  child.on('error', (error) => end(cannotStart(executable, error)));
  // `close` comes when its output has been read to the end.
  child.on('close', (code, signal) => {
    // What another machine has counted is not known here.
    const kills = options.command === undefined ? killsSince(killsBefore) : undefined;
    const [host] = options.command?.[0] === 'ssh' ? options.command.slice(-2) : [];
    // ssh itself ends with 255; a rank that has been heard of was reached.
    const isUnreached = host !== undefined && code === 255 && life.beats === 0;
    end(isUnreached ? unreached(name, host, output) : died(name, { code, signal, kills }, output));
  });
  const gone = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', () => resolve());
  });
  const watch = watchBeats({ child, name, beats: () => life.beats, end, isBusy: () => pending.size > 0 });
  void gone.then(() => clearInterval(watch));

  return {
    pid: child.pid,
    life: () => life,
    ended: new Promise((resolve) => (tellEnd = resolve)),
    lastLines: () => lastLines(output),
    async ask(method, head = {}, parts = []) {
      if (ended) throw ended;
      const id = nextId++;
      return new Promise<Frame>((resolve, reject) => {
        pending.set(id, { resolve, reject });
        for (const piece of encodeFrame({ head: { ...head, id, method }, parts })) child.stdin.write(piece);
      });
    },
    async close() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Counts looks, not time: after the machine has slept, the worker gets its chance to show that it lives. */
function watchBeats({
  child,
  name,
  beats,
  end,
  isBusy,
}: {
  readonly child: ChildProcess;
  readonly name: string;
  readonly beats: () => number;
  readonly end: (error: ProblemError) => void;
  readonly isBusy: () => boolean;
}): NodeJS.Timeout {
  let seen = 0;
  let silent = 0;
  const timer = setInterval(() => {
    silent = beats() === seen && isBusy() ? silent + 1 : 0;
    seen = beats();
    if (silent < patience) return;
    const message = `${name} has given no sign of life for ${(patience * lookEvery) / 1000} seconds, so it was ended.`;
    end(problem('torch/worker-hung', message, undefined, [`Its process was ${String(child.pid)}.`]));
    child.kill('SIGKILL');
  }, lookEvery);
  timer.unref();
  return timer;
}

/** Nothing of the person's own Python reaches in, and no library asks the network. */
function workerEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(own).filter(([name]) => !/^PYTHON(?:PATH|HOME|STARTUP|USERBASE)$/.test(name));
  // Who says how threads wait has thought of this machine.
  const isSaid = (own['OMP_WAIT_POLICY'] ?? own['GOMP_SPINCOUNT']) !== undefined;
  return {
    ...Object.fromEntries(kept),
    ...workerVariables,
    ...(!isSaid && isMachineBusy() ? sleepingThreads : {}),
  };
}

/** Environment of every worker, wherever it runs. */
export const workerVariables = {
  PYTHONUTF8: '1',
  PYTHONUNBUFFERED: '1',
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
  DO_NOT_TRACK: '1',
  TOKENIZERS_PARALLELISM: 'false',
} as const;

/**
 * On a busy machine threads that wait for each other sleep: by spinning they would take more than twice the processor time
 * of the work itself. GNU's look a moment before, since most waits are shorter than falling asleep. On an idle machine
 * they spin as PyTorch's do anywhere: a draw takes two thirds of the time (docs/benchmarks.md).
 */
const sleepingThreads = { OMP_WAIT_POLICY: 'passive', GOMP_SPINCOUNT: '1000' } as const;

/** What a sign of life tells; nothing where it tells nothing. */
function readBeat(beat: unknown): Partial<SignOfLife> {
  if (typeof beat !== 'object' || beat === null) return {};
  const { doing, collective, count, cpuSeconds } = beat as Record<string, unknown>;
  return {
    ...(typeof doing === 'string' ? { doing } : {}),
    ...(typeof collective === 'boolean' ? { collective } : {}),
    ...(typeof count === 'number' ? { count } : {}),
    ...(typeof cpuSeconds === 'number' ? { cpuSeconds } : {}),
  };
}

function errorOf(name: string, error: unknown, output: string): ProblemError {
  const field = (key: string): string => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const [kind, type] = [field('kind'), field('type')];
  const text = field('message').split('\n', 1)[0] ?? '';
  if (kind === 'out-of-memory') return problem('torch/out-of-memory', `PyTorch ran out of memory: ${text}`);
  if (kind === 'reward')
    return problem('torch/reward-failed', `The reward cannot be told: ${text}.`, undefined, lastLines(output, text));
  if (kind === 'refused') return problem('torch/refused', `${name} refused: ${text}.`);
  return problem('torch/worker-failed', `${name} failed: ${type}: ${text}`, undefined, lastLines(output, text));
}

interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Processes that the system has ended for want of memory meanwhile; undefined where it does not tell. */
  readonly kills: number | undefined;
}

/** Why somebody sent a signal is told only where the system tells it. */
function died(name: string, { code, signal, kills }: Death, output: string): ProblemError {
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${String(code)}`;
  const details = lastLines(output);
  if (ranOutOfMemory(details)) {
    return problem('torch/out-of-memory', `${name} ran out of memory and ${how}.`, undefined, details);
  }
  if (signal !== 'SIGKILL' || kills === undefined) {
    return problem('torch/worker-died', `${name} ${how}.`, undefined, details);
  }
  if (kills > 0) {
    const counted = `Processes that the system has ended for want of memory since the worker began: ${kills}.`;
    const message = `The machine ran out of memory, and the system ended ${name.replace(/^The/, 'the')}.`;
    return problem('torch/out-of-memory', message, undefined, [counted, ...details]);
  }
  const sure = 'The system has ended nothing for want of memory meanwhile.';
  return problem('torch/worker-died', `${name} ${how}, from outside.`, undefined, [sure, ...details]);
}

function killsSince(before: number | undefined): number | undefined {
  const now = countMemoryKills();
  return before === undefined || now === undefined ? undefined : now - before;
}

function unreached(name: string, host: string, output: string): ProblemError {
  return problem(
    'torch/no-host',
    `${name} could not be started: ssh does not reach ${host}.`,
    undefined,
    lastLines(output),
  );
}

function cannotStart(python: string, error: Error): ProblemError {
  if (python === 'ssh') return problem('torch/no-host', 'ssh cannot be started.', undefined, [error.message]);
  const message = 'The Python of the torch engine cannot be started. Run `finetune setup torch` to mend it.';
  return problem('torch/cannot-start', message, { file: python }, [error.message]);
}

function brokenChannel(name: string, error: unknown): ProblemError {
  const reason = error instanceof Error ? error.message : String(error);
  return problem('torch/worker-failed', `${name} sent something that is no answer: ${reason}.`);
}
