// One life of a trainer process, from lock to last event: prepare or resume, train, export, and end in words.

import { appendFile } from 'node:fs/promises';
import { noLongerThan } from '../platform/noLongerThan.ts';
import { protocolVersion, type EventDraft, type ProblemReport } from '../protocol/events.ts';
import { formatProblem, problem, ProblemError } from '../protocol/problem.ts';
import type { RunState } from '../protocol/runState.ts';
import { openEventLog, readEvents, repairEventLog } from '../runs/eventLog.ts';
import { packageVersion, versions } from '../runs/facts.ts';
import { runPaths } from '../runs/layout.ts';
import { lockRun, type RunLock } from '../runs/lock.ts';
import type { RunHashes } from '../runs/manifest.ts';
import { createCheckpointStore, tidyCheckpoints, type CheckpointStore } from './checkpoint/store.ts';
import { beginning } from './beginning.ts';
import { watchControlFiles } from './commandSources.ts';
import { createControl, StopNow, type Control } from './control.ts';
import { exportResult, folderBytes } from './exportResult.ts';
import {
  brokenWeights,
  explainFailure,
  lostProcess,
  NonFiniteLossError,
  reportProblem,
  type BrokenWeights,
  type FailureContext,
} from './failures.ts';
import { startHeartbeat } from './heartbeat.ts';
import { keepManifest, type ManifestKeeper } from './manifestKeeper.ts';
import { probeMemory } from './memoryProbe.ts';
import { BadConfigError, type PreparedRun, type PrepareRun } from './preparedRun.ts';
import { createReporter } from './reporter.ts';
import { recordSample } from './samplesFile.ts';
import { train } from './train.ts';
import { freshState, type TrainerState, type TrainingEnd } from './training.ts';

/** Exit codes are part of the contract. */
export const exitCodes = { done: 0, failed: 1, badConfig: 2, stopped: 130 } as const;

export interface TrainerHost {
  readonly prepare: PrepareRun;
  /** The step whose checkpoint the run goes on from; the newest whole one when absent. */
  readonly from?: number | undefined;
  /** Takes a line of the protocol; must not throw. */
  readonly send: (line: string) => void;
  /** Takes a sentence for a person. */
  readonly tell: (sentence: string) => void;
  /** Connects signals and stdin, once commands can be taken. */
  readonly connect: (control: Control, onProblem: (sentence: string) => void) => void;
}

interface Life {
  readonly folder: string;
  readonly host: TrainerHost;
  readonly keeper: ManifestKeeper;
  readonly control: Control;
  readonly report: (event: EventDraft) => void;
  readonly syncEvents: () => void;
  /** Taken once: what starts again after that goes on from its newest checkpoint. */
  from: number | undefined;
  /** What the log told when this life began. */
  before: RunState;
  advice: PreparedRun['advice'];
  maxRestarts: number;
  state: TrainerState;
  session?: PreparedRun['session'];
}

/** Trains the run of a folder to its end. Returns the exit code; throws only when the folder is not a run or busy. */
export async function runTrainer(folder: string, host: TrainerHost): Promise<number> {
  const paths = runPaths(folder);
  const keeper = await keepManifest(folder);
  const lock = await lockRun(folder);
  await repairEventLog(paths.events);
  const { state: before } = await readEvents(paths.events);
  const log = openEventLog(paths.events, before.nextSeq);
  const reporter = createReporter(log, before.nextSeq, host.send);
  const report = (event: EventDraft): void => {
    reporter.report(event);
    recordSample(paths.samples, event);
  };
  const control = createControl(report, async (state) => {
    keeper.update({ state });
    // A manifest that cannot be written is told when the run ends; it must not keep a run from pausing.
    await keeper.settled().catch(() => undefined);
  });
  const syncEvents = (): void => log.sync();
  const life: Life = {
    folder,
    host,
    keeper,
    control,
    report,
    syncEvents,
    from: host.from,
    before,
    advice: {},
    maxRestarts: 0,
    state: freshState,
  };
  const stopHeartbeat = startHeartbeat(paths.heartbeat, () => ({
    step: life.state.step,
    state: keeper.current().state,
  }));
  const onProblem = (sentence: string): void => host.tell(sentence);
  const stopWatching = watchControlFiles(folder, { control, onProblem });
  let code: number;
  try {
    host.connect(control, onProblem);
    code = await liveAndEnd(life, lock, reporter.reportLast.bind(reporter));
    await keeper.settled().catch((error: unknown) => host.tell(`run.json cannot be written: ${String(error)}`));
  } finally {
    stopWatching();
    stopHeartbeat();
    log.close();
    await lock.release();
  }
  // How the run ended is told before: a computation that goes on must not delay that.
  await closeSession(life);
  return code;
}

async function closeSession(life: Life): Promise<void> {
  const { session } = life;
  if (!session) return;
  delete life.session;
  await noLongerThan(
    closingTime,
    session.close().catch(() => undefined),
  );
}

/** Every way to end comes out here as a last event and an exit code. */
async function liveAndEnd(life: Life, lock: RunLock, reportLast: (event: EventDraft) => void): Promise<number> {
  const { keeper, host, folder } = life;
  const ended = (): string => new Date().toISOString();
  try {
    keeper.update({
      state: 'preparing',
      process: { ...lock.mark, argv: process.argv },
      versions: { ...keeper.current().versions, ...versions() },
      ended: undefined,
    });
    await keeper.settled();
    const finished = await liveWithRestarts(life);
    reportLast(finished);
    keeper.update({ state: finished.outcome, ended: ended() });
    return finished.outcome === 'stopped' ? exitCodes.stopped : exitCodes.done;
  } catch (error) {
    if (error instanceof StopNow || isAbort(error)) {
      reportLast(await finishedEvent(life, 'stopped'));
      keeper.update({ state: 'stopped', ended: ended() });
      return exitCodes.stopped;
    }
    const cause = error instanceof BadConfigError ? error.cause : error;
    const step = life.state.step;
    const broken = cause instanceof NonFiniteLossError ? await brokenBefore(life) : undefined;
    const context: FailureContext = {
      ...{ ...life.advice, runFolder: folder },
      ...(step > 0 ? { step } : {}),
      ...(broken ? { broken } : {}),
    };
    const failure = explainFailure(cause, context);
    await appendFile(runPaths(folder).log, `${traceOf(cause)}\n`).catch(() => undefined);
    reportLast({ type: 'failed', ...(step > 0 ? { step } : {}), ...failure });
    keeper.update({ state: 'failed', ended: ended() });
    const details = [...(failure.cause.details ?? []), ...failure.evidence];
    host.tell(formatProblem({ ...failure.cause, severity: 'error', details }));
    return error instanceof BadConfigError ? exitCodes.badConfig : exitCodes.failed;
  }
}

/** What the whole log tells, of earlier lives too. Never throws: it is only a part of a failure's explanation. */
async function brokenBefore({ folder, syncEvents }: Life): Promise<BrokenWeights | undefined> {
  try {
    syncEvents();
    return brokenWeights((await readEvents(runPaths(folder).events)).state);
  } catch {
    return undefined;
  }
}

type Finished = Extract<EventDraft, { type: 'finished' }>;

/** Goes on from the last checkpoint when a process of the engine is lost, as often as the config says. */
async function liveWithRestarts(life: Life): Promise<Finished> {
  for (let restart = 1; ; restart++) {
    try {
      return await live(life);
    } catch (error) {
      const lost = lostProcess(error);
      if (!lost || restart > life.maxRestarts || life.control.stopping.aborted) throw error;
      await closeSession(life);
      const message = `${lost.message} The processes are started again from the last checkpoint (${restart} of ${life.maxRestarts} restarts).`;
      life.report({ type: 'warning', problem: { ...reportProblem(lost), code: 'trainer/restarted', message } });
      life.before = (await readEvents(runPaths(life.folder).events)).state;
    }
  }
}

async function live(life: Life): Promise<Finished> {
  const { folder, host, keeper, control, report } = life;
  report({
    type: 'hello',
    protocol: protocolVersion,
    run_id: keeper.current().id,
    pid: process.pid,
    package_version: packageVersion,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  });
  const prepared = await control.interruptible(
    host.prepare({
      runFolder: folder,
      manifest: keeper.current(),
      onProgress: (progress) => report({ type: 'progress', ...progress }),
      onAdvice: (advice) => (life.advice = advice),
      onEngineOutput: (text) => host.tell(text.trimEnd()),
      signal: control.stopping,
    }),
  );
  life.advice = prepared.advice;
  life.maxRestarts = prepared.maxRestarts;
  life.session = prepared.session;
  try {
    for (const found of prepared.warnings) report({ type: 'warning', problem: reportProblem(found) });
    refuseChangedInputs(keeper.current().prepared?.hashes, prepared.hashes);
    const earlier = keeper.current().versions;
    for (const found of changedVersions(earlier, prepared.versions)) report({ type: 'warning', problem: found });
    keeper.update({ versions: { ...earlier, ...prepared.versions } });
    const { config, hashes, plan, threads, device } = prepared;
    keeper.update({ state: 'running', prepared: { config, hashes, total_steps: plan.total_steps, threads, device } });
    await tidyCheckpoints(folder);
    const checkpoints = createCheckpointStore(folder, prepared.checkpoints, prepared.layout, life.syncEvents);
    report(startedEvent(prepared));
    giveBackMemory();
    life.state = await beginning(life, prepared.session, checkpoints);
    life.from = undefined;
    const track = (state: TrainerState): void => void (life.state = state);
    const clock = (): number => performance.now();
    await probeMemory({ ...prepared, control, report, clock, state: life.state });
    const end = await train({ ...prepared, control, checkpoints, report, track, clock, state: life.state });
    life.state = end.state;
    await prepared.learnSpeed?.(end.state);
    return await finish(life, prepared, checkpoints, end);
  } finally {
    prepared.close();
  }
}

/**
 * What only preparing needed, such as the tokenizer's tables, goes before the run is at its largest. The second collection
 * moves together what the first has left scattered over pages that the system could have.
 */
function giveBackMemory(): void {
  globalThis.gc?.();
  globalThis.gc?.();
}

async function finish(
  life: Life,
  prepared: PreparedRun,
  checkpoints: CheckpointStore,
  end: TrainingEnd,
): Promise<Finished> {
  if (end.outcome === 'stopped') return finishedEvent(life, 'stopped', prepared);
  life.report({ type: 'progress', stage: 'export', message: `Writing the ${prepared.result.kind}` });
  let step = end.state.step;
  // Stopping early means that the last steps made it worse: the result is the best checkpoint.
  const best =
    end.outcome === 'early_stopped' && end.state.best ? await checkpoints.at(end.state.best.step) : undefined;
  if (best) ({ step } = await checkpoints.restore(prepared.session, best));
  const exported = await exportResult(life.folder, prepared);
  return { ...(await finishedEvent(life, end.outcome, prepared)), result: { ...exported, step } };
}

async function finishedEvent(life: Life, outcome: Finished['outcome'], prepared?: PreparedRun): Promise<Finished> {
  const { totals, best, step } = life.state;
  const checkpoint = best && prepared?.checkpoints.keepBest ? { checkpoint: `checkpoints/step-${best.step}` } : {};
  return {
    type: 'finished',
    outcome,
    step,
    ...(best ? { best: { step: best.step, best_value: best.loss, ...(best.step > 0 ? checkpoint : {}) } } : {}),
    took: {
      seconds: totals.seconds,
      steps: step,
      tokens: totals.tokens,
      trained_tokens: totals.trainedTokens,
      tokens_per_second: totals.seconds > 0 ? totals.tokens / totals.seconds : 0,
      peak_memory_bytes: totals.peakMemoryBytes,
      disk_bytes: await folderBytes(life.folder).catch(() => 0),
    },
  };
}

function startedEvent(prepared: PreparedRun): EventDraft {
  const { plan, model, device, threads, config, decisions, estimates } = prepared;
  return { type: 'started', plan, model, device, threads, config, decisions, estimates };
}

/** A run goes on bit-equal only from the same inputs. Throws `trainer/inputs-changed`. */
function refuseChangedInputs(recorded: RunHashes | undefined, now: RunHashes): void {
  if (!recorded) return;
  const names: Record<keyof RunHashes, string> = {
    config: 'the config',
    model_config: "the model's config.json",
    weights: "the model's weights",
    tokenizer: 'the tokenizer',
    template: 'the chat template',
    data: 'the data',
    mask: 'which tokens are trained',
    reward_model: 'the reward model',
  };
  const changed = Object.entries(names).filter(
    ([key]) => key in now && Reflect.get(now, key) !== Reflect.get(recorded, key),
  );
  if (changed.length === 0) return;
  const what = changed.map(([, name]) => name).join(', ');
  throw problem(
    'trainer/inputs-changed',
    `Since this run was started, ${what} changed. Put it back to resume, or start a new run.`,
  );
}

/** Libraries of another version may round otherwise: the run goes on, but no longer bit by bit. */
function changedVersions(earlier: Readonly<Record<string, string>>, now: PreparedRun['versions']): ProblemReport[] {
  return Object.entries(now).flatMap(([name, version]) => {
    const before = earlier[name];
    if (before === undefined || before === version) return [];
    const message = `The run goes on with ${name} ${version} and was started with ${before}: its numbers may differ a little.`;
    return [{ code: 'trainer/versions-changed', message }];
  });
}

/** A worker in the middle of a computation is not waited for longer than this, in milliseconds. */
const closingTime = 500;

/** What a preparation throws whose signal was aborted. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function traceOf(error: unknown): string {
  if (error instanceof ProblemError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
