// The loop against a tiny real model: what happens at which step, and that stopping and going on changes nothing.
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventDraft } from '../../../src/protocol/events.ts';
import { tidyCheckpoints } from '../../../src/trainer/checkpoint/store.ts';
import { StopNow } from '../../../src/trainer/control.ts';
import { train } from '../../../src/trainer/train.ts';
import { numbersOf, setUp, type Setup, type SetupOptions } from '../../support/trainingSetup.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'finetune-train-'));
  await tidyCheckpoints(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function of<T extends EventDraft['type']>(events: readonly EventDraft[], type: T): Extract<EventDraft, { type: T }>[] {
  return events.filter((event): event is Extract<EventDraft, { type: T }> => event.type === type);
}

const lossesOf = (setup: Setup): number[] => of(setup.events, 'step').map((event) => event.loss);

/** Goes on from the newest whole checkpoint, or from the start. */
async function resume(options: SetupOptions = {}): Promise<Setup & { from: number; broken: string[] }> {
  const setup = setUp(folder, options);
  const broken: string[] = [];
  const losses = { afterStep: () => undefined };
  const { found } = await setup.training.checkpoints.latest(losses, (_folder, fault) => broken.push(fault));
  const state = found ? await setup.training.checkpoints.restore(setup.session, found) : setup.training.state;
  return { ...setup, training: { ...setup.training, state }, from: state.step, broken };
}

interface Whole {
  readonly numbers: number[];
  readonly losses: number[];
}

let made: Promise<Whole> | undefined;
const undisturbed = (): Promise<Whole> => (made ??= runWhole());

async function runWhole(): Promise<Whole> {
  const other = await mkdtemp(path.join(os.tmpdir(), 'finetune-train-'));
  const setup = setUp(other);
  await train(setup.training);
  await rm(other, { recursive: true });
  return { numbers: await numbersOf(setup.session), losses: lossesOf(setup) };
}

test('steps, evaluations and checkpoints come at their steps, and the loss falls', async () => {
  const setup = setUp(folder, { settings: { evaluateAtStart: true, keepBest: false }, prompts: ['01'] });
  const end = await train(setup.training);
  expect(end).toMatchObject({ outcome: 'completed', state: { step: 12 } });
  expect(of(setup.events, 'evaluated').map((event) => event.step)).toEqual([0, 4, 8, 12]);
  expect(of(setup.events, 'sample').map((event) => event.step)).toEqual([0, 4, 8, 12]);
  expect(of(setup.events, 'checkpoint').map((event) => event.step)).toEqual([5, 10, 12]);
  expect(of(setup.events, 'checkpoint').at(-1)?.removed).toEqual(['checkpoints/step-5']);
  expect((await readdir(path.join(folder, 'checkpoints'))).toSorted()).toEqual(['step-10', 'step-12']);
  const losses = lossesOf(setup);
  expect(losses).toHaveLength(12);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.7);
  // Epochs of 5 steps: the last one has the 3 rows that are left.
  expect(of(setup.events, 'step').map((event) => event.rows.length)).toEqual([4, 4, 4, 4, 3, 4, 4, 4, 4, 3, 4, 4]);
  expect(of(setup.events, 'step')[4]).toMatchObject({
    epoch: 1,
    learning_rate: expect.closeTo(0.1 * 0.5 * (1 + Math.cos((2 / 10) * Math.PI))) as number,
  });
  expect(of(setup.events, 'sample').at(-1)).toMatchObject({ prompt: '01', answer: '23456' });
});

test.each([1, 4, 5, 9, 11])('stopped after step %i and resumed, it is the run that never stopped', async (stopAt) => {
  const whole = await undisturbed();
  const first = setUp(folder, {
    onEvent: (event, control) => {
      if (event.type === 'step' && event.step === stopAt) control.receive({ type: 'stop-and-save', id: 'x' });
    },
  });
  expect((await train(first.training)).outcome).toBe('stopped');
  const second = await resume();
  expect(second.from).toBe(stopAt);
  expect((await train(second.training)).outcome).toBe('completed');
  expect([...lossesOf(first), ...lossesOf(second)]).toEqual(whole.losses);
  expect(await numbersOf(second.session)).toEqual(whole.numbers);
});

test('stopped now, it goes on from the last checkpoint to the same end', async () => {
  const whole = await undisturbed();
  const first = setUp(folder, {
    onEvent: (event, control) => {
      if (event.type === 'step' && event.step === 8) control.receive({ type: 'stop-now', id: 'x' });
    },
  });
  await expect(train(first.training)).rejects.toBeInstanceOf(StopNow);
  const second = await resume();
  expect(second.from).toBe(5);
  await train(second.training);
  expect(await numbersOf(second.session)).toEqual(whole.numbers);
});

describe('checkpoints', () => {
  const damage: [string, (checkpoint: string) => Promise<void>][] = [
    [
      'a byte changed',
      async (dir) => {
        const file = path.join(dir, 'optimizer.safetensors');
        const bytes = await readFile(file);
        bytes[bytes.length - 1]! ^= 1;
        await writeFile(file, bytes);
      },
    ],
    ['a file cut short', (dir) => writeFile(path.join(dir, 'adapter_model.safetensors'), 'x')],
    ['a file gone', (dir) => rm(path.join(dir, 'trainer_state.json'))],
    ['no manifest', (dir) => rm(path.join(dir, 'manifest.json'))],
    ['half a manifest', (dir) => writeFile(path.join(dir, 'manifest.json'), '{"format":1,')],
    [
      'a manifest of another format',
      (dir) =>
        writeFile(
          path.join(dir, 'manifest.json'),
          '{"format":2,"step":10,"files":{"a":{"bytes":0,"sha256":"' + '0'.repeat(64) + '"}}}',
        ),
    ],
  ];

  test.each(damage)('with %s are passed over', async (_name, spoil) => {
    await train(setUp(folder, { settings: { totalSteps: 12, keepBest: false } }).training);
    await spoil(path.join(folder, 'checkpoints', 'step-12'));
    const second = await resume();
    expect([second.from, second.broken.length]).toEqual([10, 1]);
  });

  test('half-written ones are cleared away and never taken', async () => {
    await train(setUp(folder).training);
    const names = await readdir(path.join(folder, 'checkpoints'));
    await rename(path.join(folder, 'checkpoints/step-12'), path.join(folder, 'checkpoints/.unfinished-step-12-ab'));
    await rename(path.join(folder, 'checkpoints/step-10'), path.join(folder, 'checkpoints/.replaced-step-10-ab'));
    expect((await resume()).from).toBeLessThan(10);
    await tidyCheckpoints(folder);
    expect((await readdir(path.join(folder, 'checkpoints'))).toSorted()).toEqual(
      names.filter((name) => name !== 'step-12').toSorted(),
    );
    expect((await resume()).from).toBe(10);
  });

  test('the best one stays besides the newest', async () => {
    // From step 5 on the weights stand still, so the evaluation at step 4 stays the best.
    const setup = setUp(folder, {
      keep: 1,
      settings: { evaluateEvery: 2, earlyStopping: { patience: 100, minDelta: 0.01 } },
      onEvent: (event, control) => {
        if (event.type === 'evaluated' && event.step === 4) {
          control.receive({ type: 'set', id: 's', learning_rate: 1e-12 });
        }
      },
    });
    const end = await train(setup.training);
    expect(end.state.best?.step).toBe(4);
    expect((await readdir(path.join(folder, 'checkpoints'))).toSorted()).toEqual(['step-12', 'step-4']);
  });
});

test('a learning rate that was set applies from the next step, keeps the shape and survives a resume', async () => {
  const change = (event: EventDraft, control: Setup['control']): void => {
    if (event.type === 'step' && event.step === 6) control.receive({ type: 'set', id: 's', learning_rate: 0.02 });
  };
  const whole = setUp(await mkdtemp(path.join(folder, 'x-')), { onEvent: change });
  await train(whole.training);
  const first = setUp(folder, {
    onEvent: (event, control) => {
      change(event, control);
      if (event.type === 'step' && event.step === 7) control.receive({ type: 'stop-and-save', id: 'x' });
    },
  });
  await train(first.training);
  const rates = of(first.events, 'step').map((event) => event.learning_rate);
  const untouched = setUp(await mkdtemp(path.join(folder, 'y-')));
  await train(untouched.training);
  const plain = of(untouched.events, 'step').map((event) => event.learning_rate);
  expect(rates.slice(0, 6)).toEqual(plain.slice(0, 6));
  expect(rates[6]).toBeCloseTo(plain[6]! * 0.2, 12);
  expect(of(first.events, 'setting_changed')).toEqual([
    { type: 'setting_changed', setting: 'learning_rate', value: 0.02, previous: 0.1, step: 7 },
  ]);
  const second = await resume();
  await train(second.training);
  expect(await numbersOf(second.session)).toEqual(await numbersOf(whole.session));
});

test('pausing waits, serves a checkpoint meanwhile, and changes no number', async () => {
  const whole = await undisturbed();
  const setup = setUp(folder, {
    onEvent: (event, control) => {
      if (event.type === 'step' && event.step === 3) control.receive({ type: 'pause', id: '1' });
      if (event.type === 'paused') setImmediate(() => control.receive({ type: 'checkpoint-now', id: '2' }));
      if (event.type === 'checkpoint' && event.reason === 'requested')
        setImmediate(() => control.receive({ type: 'resume', id: '3' }));
    },
  });
  await train(setup.training);
  const story = setup.events.map((event) => (event.type === 'step' ? `step ${event.step}` : event.type)).slice(2, 9);
  expect(story).toEqual(['step 3', 'acknowledged', 'paused', 'acknowledged', 'checkpoint', 'acknowledged', 'resumed']);
  expect(await numbersOf(setup.session)).toEqual(whole.numbers);
});

test('commands that make no sense are refused with a reason', () => {
  const { control, events } = setUp(folder);
  control.receive({ type: 'resume', id: '1' });
  control.receive({ type: 'stop-now', id: '2' });
  control.receive({ type: 'pause', id: '3' });
  expect(of(events, 'acknowledged').map(({ id, accepted, reason }) => [id, accepted, reason])).toEqual([
    ['1', false, 'The run is not paused.'],
    ['2', true, undefined],
    ['3', false, 'The run is stopping now.'],
  ]);
});

test('early stopping ends the run when the loss no longer falls', async () => {
  const setup = setUp(folder, {
    settings: { evaluateEvery: 1, earlyStopping: { patience: 2, minDelta: 0.2 } },
    onEvent: (event, control) => {
      if (event.type === 'step' && event.step === 2) control.receive({ type: 'set', id: 's', learning_rate: 1e-9 });
    },
  });
  const end = await train(setup.training);
  expect(end.outcome).toBe('early_stopped');
  expect(end.state.step).toBeLessThan(12);
  expect(end.state.worseEvaluations).toBe(2);
  expect(of(setup.events, 'checkpoint').at(-1)?.step).toBe(end.state.step);
});

test('a loss that is not a number is reported, then fails the run by name of step and rows', async () => {
  const setup = setUp(folder, { session: { onStep: (step) => (step === 3 ? Number.NaN : undefined) } });
  await expect(train(setup.training)).rejects.toMatchObject({ step: 3, problems: [{ code: 'training/non-finite' }] });
  expect(of(setup.events, 'step').at(-1)).toMatchObject({ step: 3, loss: Number.NaN });
});
