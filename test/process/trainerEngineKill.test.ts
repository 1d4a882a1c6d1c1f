// The real trainer and engine, killed -9 over twenty times in every phase of a run: it becomes, to the last bit, the run
// that was never disturbed, and whatever lies under the name of a checkpoint is whole.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/data/random.ts';
import type { TrainerEvent } from '../../src/protocol/events.ts';
import { toArray } from '../../src/protocol/series.ts';
import { readEvents } from '../../src/runs/eventLog.ts';
import { runPaths } from '../../src/runs/layout.ts';
import { readManifest } from '../../src/runs/manifest.ts';
import { resumeRun, startRun, type RunHandle } from '../../src/runs/startRun.ts';
import { openRun } from '../../src/runs/store.ts';
import { findFault } from '../../src/trainer/checkpoint/manifest.ts';
import { writeTinyData, writeTinyModel } from '../support/tinyModelFolder.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

const trainer = path.resolve(import.meta.dirname, '../../dist/trainer.js');
const evaluationEvery = 6;
const config = {
  version: 1,
  model: './model',
  device: 'cpu',
  threads: 1,
  data: { train: 'train.jsonl', validation: 0.2, max_length: 128 },
  lora: { rank: 4, dropout: 0.1 },
  training: { max_steps: 60, batch_size: 2, gradient_accumulation_steps: 2, learning_rate: 0.01 },
  evaluation: { every: evaluationEvery, prompts: ['say 3'], max_new_tokens: 4 },
  checkpoints: { every: 3, keep: 2 },
};

/** Where a kill is aimed at, and where it may have hit. */
type Phase = 'start-up' | 'steps' | 'evaluation' | 'checkpoint' | 'export';

let folder: string;
beforeAll(async () => {
  folder = await scratchFolder();
  await writeTinyModel(path.join(folder, 'model'));
  await writeTinyData(path.join(folder, 'train.jsonl'), 40);
  await writeFile(path.join(folder, 'kill.finetune.json'), JSON.stringify(config));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each has a cache of its own, so that kills also meet a cache that is being written. */
const environment = (cache: string): NodeJS.ProcessEnv => ({
  ...process.env,
  FINETUNE_CACHE: path.join(folder, cache),
});

function start(cache: string): Promise<RunHandle> {
  const configFile = path.join(folder, 'kill.finetune.json');
  const runsFolder = path.join(folder, 'runs');
  return startRun({ configFile, name: 'kill', overrides: [], runsFolder, trainer, env: environment(cache) });
}

/** The events of the trainer's present life. */
async function eventsOfLife(run: RunHandle): Promise<TrainerEvent[]> {
  const events: TrainerEvent[] = [];
  await readEvents(runPaths(run.folder).events, (event) => events.push(event));
  const hello = events.findLastIndex(({ type }) => type === 'hello');
  const first = events[hello];
  return first?.type === 'hello' && first.pid === run.pid ? events.slice(hello) : [];
}

const hasLeftover = async (at: string, prefix: string): Promise<boolean> =>
  (await readdir(at).catch(() => [])).some((name) => name.startsWith(prefix));
const unfinishedCheckpoint = (run: RunHandle): Promise<boolean> =>
  hasLeftover(runPaths(run.folder).checkpoints, '.unfinished-');

/** When a phase is reached; `later` steps into this life. */
async function reached(run: RunHandle, phase: Phase, later: number): Promise<boolean> {
  if (phase === 'start-up') return (await readManifest(run.folder)).process?.pid === run.pid;
  const events = await eventsOfLife(run);
  // What the last kill left has been cleared away by then.
  if (phase === 'checkpoint') return events.some(({ type }) => type === 'started') && unfinishedCheckpoint(run);
  const steps = events.filter((event) => event.type === 'step');
  if (phase === 'steps') return steps.length > later;
  if (phase === 'evaluation') return steps.some(({ step }) => step % evaluationEvery === 0);
  return events.some((event) => event.type === 'progress' && event.stage === 'export');
}

/** What the trainer was doing when it was killed, by what it left. */
async function phaseOfDeath(run: RunHandle): Promise<Phase> {
  const events = await eventsOfLife(run);
  const last = events.at(-1);
  if (!events.some(({ type }) => type === 'started')) return 'start-up';
  if (last?.type === 'progress' && last.stage === 'export') return 'export';
  if (await unfinishedCheckpoint(run)) return 'checkpoint';
  const between = last?.type === 'step' && last.step % evaluationEvery === 0;
  return between || last?.type === 'evaluated' || last?.type === 'started' ? 'evaluation' : 'steps';
}

/** Kills the trainer some milliseconds after it reached the phase; false when the run was complete before. */
async function kill(run: RunHandle, phase: Phase, later: number, milliseconds: number): Promise<boolean> {
  let ended = false;
  void run.exited.then(() => (ended = true));
  while (!ended && !(await reached(run, phase, later))) await delay(1);
  await Promise.race([delay(milliseconds), run.exited]);
  try {
    process.kill(run.pid, 'SIGKILL');
  } catch {
    return false;
  }
  await run.exited;
  return (await readManifest(run.folder)).state !== 'completed';
}

/** Everything under the name of a checkpoint or result is whole. */
async function expectNothingHalf(run: RunHandle): Promise<void> {
  const { checkpoints, adapter } = runPaths(run.folder);
  const names = await readdir(checkpoints).catch(() => []);
  for (const name of names.filter((name) => name.startsWith('step-'))) {
    expect(await findFault(path.join(checkpoints, name)), name).toBeUndefined();
  }
  const exported = await readdir(adapter).catch(() => []);
  if (exported.length > 0) {
    expect(exported).toEqual(expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors']));
  }
}

interface Outcome {
  readonly losses: readonly number[];
  readonly evaluations: readonly number[];
  readonly answers: readonly string[];
  readonly adapter: string;
}

async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function outcomeOf(run: RunHandle): Promise<Outcome> {
  const { state, problems } = await openRun(run.folder);
  expect(problems).toEqual([]);
  expect(state.gaps).toEqual([]);
  expect(state.warnings.map(({ problem }) => problem.code)).not.toContain('trainer/broken-checkpoint');
  return {
    losses: toArray(state.steps).map(({ loss }) => loss),
    evaluations: toArray(state.evaluations).map(({ loss }) => loss),
    answers: toArray(state.samples).map(({ answer }) => answer),
    adapter: await sha256Of(path.join(run.folder, 'adapter/adapter_model.safetensors')),
  };
}

/** The phases in an order of their own for each seed; the export comes last, since it comes up once. */
function shuffled(phases: Phase[], random: () => number): Phase[] {
  return phases
    .map((phase) => ({ phase, at: phase === 'export' ? 2 ** 32 : random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ phase }) => phase);
}

test('LoRA with dropout, killed at 22 random moments of one run: the undisturbed run to the last bit', async () => {
  const whole = await start('cache');
  expect(await whole.exited).toBe(0);
  const expected = await outcomeOf(whole);
  expect(expected.losses).toHaveLength(config.training.max_steps);
  const events = await eventsOfLife(whole);
  const starting = Date.parse(events.find(({ type }) => type === 'started')!.time) - Date.parse(events[0]!.time);

  const random = seededRandom(2024);
  const share = (): number => random() / 2 ** 32;
  const aims: readonly [phase: Phase, times: number][] = [
    ['start-up', 6],
    ['steps', 5],
    ['evaluation', 4],
    ['checkpoint', 4],
    ['export', 3],
  ];
  const moments: Phase[] = aims.flatMap(([phase, times]) => Array.from({ length: times }, () => phase));
  const span = { 'start-up': starting, steps: 15, evaluation: 25, checkpoint: 8, export: 6 };
  const hits = new Map<Phase, number>();
  let run = await start('killed-cache');
  for (const phase of shuffled(moments, random)) {
    // Where a run was faster than its killer it must be right all the same, and another takes its place.
    while (!(await kill(run, phase, Math.floor(share() * 3), share() * span[phase]))) {
      expect(await outcomeOf(run)).toEqual(expected);
      run = await start('killed-cache');
    }
    const hit = await phaseOfDeath(run);
    hits.set(hit, (hits.get(hit) ?? 0) + 1);
    await expectNothingHalf(run);
    run = await resumeRun(run.folder, { trainer, env: environment('killed-cache') });
  }
  expect(await run.exited).toBe(0);
  expect(await outcomeOf(run)).toEqual(expected);
  for (const [phase] of aims) expect(hits.get(phase), `kills in ${phase}`).toBeGreaterThan(0);
  const { checkpoints } = (await openRun(run.folder)).state;
  const names = checkpoints.map((checkpoint) => path.basename(checkpoint.path));
  expect((await readdir(runPaths(run.folder).checkpoints)).toSorted()).toEqual(names.toSorted());
});
