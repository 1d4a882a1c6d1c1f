// First looks at a long log: a glance that gives a curve, and the whole curve with its spikes from few of its lines, also
// when steps are run again.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeJsonLine } from '../../../src/protocol/jsonLines.ts';
import type { EventDraft } from '../../../src/protocol/events.ts';
import { glanceAtLog } from '../../../src/runs/glanceLog.ts';
import type { PlacedEvent } from '../../../src/runs/logFollower.ts';
import { skimLog } from '../../../src/runs/skimLog.ts';
import { evaluated, hello, numbered, started, step } from '../../support/runEvents.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-skim-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const many = (from: number, to: number, loss: (step: number) => number): EventDraft[] =>
  Array.from({ length: to - from }, (_, i) => step(from + i, loss(from + i)));

async function skimmed(text: string): Promise<{ whole: boolean; found: PlacedEvent[] }> {
  const file = join(folder, 'events.jsonl');
  await writeFile(file, text);
  const found: PlacedEvent[] = [];
  const whole = await skimLog(file, (events) => found.push(...events));
  return { whole, found };
}
const linesOf = (drafts: readonly EventDraft[]): string => numbered(drafts).map(encodeJsonLine).join('');
const lossAt = (events: readonly PlacedEvent[], wanted: number): number | undefined =>
  events.map(({ event }) => event).find((event) => event.type === 'step' && event.step === wanted)?.['loss' as never];

test('first and last step, one spike up, one down and one broken loss are found, with every other event', async () => {
  const loss = (at: number): number =>
    at === 7001 ? 9 : at === 8003 ? 2e-7 : at === 9005 ? Number.NaN : 1 + (at % 7) / 100;
  const text = linesOf([hello, started, ...many(1, 6000, loss), evaluated, ...many(6000, 20_001, loss)]);
  const { whole, found } = await skimmed(text);
  expect(whole).toBe(true);
  const events = found.map(({ event }) => event);
  const steps = events.filter((event) => event.type === 'step');
  expect(steps[0]?.step).toBe(1);
  expect(steps.slice(-40).map(({ step: number }) => number)).toEqual(Array.from({ length: 40 }, (_, i) => 19_961 + i));
  expect(lossAt(found, 7001)).toBe(9);
  expect(lossAt(found, 8003)).toBe(2e-7);
  expect(lossAt(found, 9005)).toBeNaN();
  expect(steps.length).toBeLessThan(600);
  expect(events.filter(({ type }) => type !== 'step').map(({ type }) => type)).toEqual([
    'hello',
    'started',
    'evaluated',
  ]);
  expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b));
  for (const { event, place } of found) {
    expect(text.slice(place, place + 200)).toContain(`{"seq":${event.seq},`);
  }
});

test('steps that are run again do not hide the spike before them, nor take it along', async () => {
  const before = many(1, 60, (at) => (at === 40 ? 9 : 1));
  const again = many(51, 80, (at) => (at === 55 ? 8 : 1));
  const { found } = await skimmed(
    linesOf([hello, started, ...before, hello, { type: 'resumed', step: 50, after: 'restart' }, ...again]),
  );
  expect(lossAt(found, 40)).toBe(9);
  expect(lossAt(found, 55)).toBeDefined();
});

test('a log of another spelling, with a line without end, or none at all is left to be read', async () => {
  const turned = numbered(many(1, 3000, () => 1)).map(({ seq, time, ...rest }) =>
    encodeJsonLine({ ...rest, seq, time }),
  );
  expect((await skimmed(turned.join(''))).whole).toBe(false);
  expect((await skimmed(`${'x'.repeat(200_000)}\n${linesOf([hello])}`)).whole).toBe(false);
  expect(await skimLog(join(folder, 'none.jsonl'), () => undefined)).toBe(false);
});

test('a line that is still being written is not seen', async () => {
  const text = linesOf([hello, started, ...many(1, 100, () => 1)]);
  const { whole, found } = await skimmed(text.slice(0, -10));
  expect(whole).toBe(true);
  expect(lossAt(found, 98)).toBe(1);
  expect(lossAt(found, 99)).toBeUndefined();
});

test('a glance gives the plan, steps of all the log in order and its last ones, each from where it stands', async () => {
  const text = linesOf([
    hello,
    started,
    ...many(1, 6000, () => 1),
    { type: 'resumed', step: 4000, after: 'restart' },
    ...many(4001, 12_001, (at) => at / 1000),
    evaluated,
  ]);
  const file = join(folder, 'events.jsonl');
  await writeFile(file, text);
  const found = (await glanceAtLog(file)) ?? [];
  const events = found.map(({ event }) => event);
  expect(events.slice(0, 2).map(({ type }) => type)).toEqual(['hello', 'started']);
  expect(events.at(-1)?.type).toBe('evaluated');
  const steps = events.filter((event) => event.type === 'step').map(({ step: number }) => number);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(new Set(steps).size).toBe(steps.length);
  expect(steps[0]).toBe(1);
  expect(steps.at(-1)).toBe(12_000);
  expect(steps.length).toBeGreaterThan(200);
  expect(Math.max(...steps.map((number, i) => number - (steps[i - 1] ?? 0)))).toBeLessThan(200);
  for (const { event, place } of found) expect(text.slice(place, place + 40)).toContain(`{"seq":${event.seq},`);
});

test('a glance at what is no log of ours makes no picture', async () => {
  const file = join(folder, 'events.jsonl');
  await writeFile(file, 'something else\n'.repeat(20_000));
  expect(await glanceAtLog(file)).toBeUndefined();
  expect(await glanceAtLog(join(folder, 'missing'))).toBeUndefined();
});
