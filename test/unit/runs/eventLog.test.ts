// The event log: numbered, repaired after a crash, read with its faults named, and followed while it grows.
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventDraft, TrainerEvent } from '../../../src/protocol/events.ts';
import { openEventLog, readEvents, repairEventLog } from '../../../src/runs/eventLog.ts';
import { followRun } from '../../../src/runs/followRun.ts';
import { runPaths } from '../../../src/runs/layout.ts';
import { writeManifest } from '../../../src/runs/manifest.ts';
import { ownMark } from '../../../src/runs/processLife.ts';
import { listRuns } from '../../../src/runs/store.ts';
import { fullEvents } from '../../support/events.ts';
import { sampleManifest } from '../../support/manifest.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'finetune-log-'));
  file = runPaths(folder).events;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hello: EventDraft = { type: 'hello', ...fullEvents.hello };
const step = (number: number): EventDraft => ({ type: 'step', ...fullEvents.step, step: number });

function append(drafts: readonly EventDraft[], nextSeq: number): TrainerEvent[] {
  const log = openEventLog(file, nextSeq, () => new Date('2026-01-01T00:00:00Z'));
  const events = drafts.map((draft) => log.append(draft));
  log.close();
  return events;
}

test('a missing log is empty; what is appended is read back and numbered on', async () => {
  expect((await readEvents(file)).state.nextSeq).toBe(0);
  append([hello, step(1)], 0);
  const { state } = await readEvents(file);
  expect(state.nextSeq).toBe(2);
  append([step(2)], state.nextSeq);
  const seen: number[] = [];
  const again = await readEvents(file, (event) => seen.push(event.seq));
  expect([again.problems, again.state.gaps, seen]).toEqual([[], [], [0, 1, 2]]);
});

test.each(['{"seq":2,"ty', '{', 'x'.repeat(200_000)])(
  'a line torn by a crash is cut off before going on',
  async (torn) => {
    append([hello, step(1)], 0);
    const whole = await readFile(file, 'utf8');
    await appendFile(file, torn);
    const before = await readEvents(file);
    expect([before.problems, before.state.nextSeq]).toEqual([[], 2]);
    expect(await repairEventLog(file)).toBe(torn.length);
    expect(await readFile(file, 'utf8')).toBe(whole);
    append([step(2)], 2);
    expect((await readEvents(file)).problems).toEqual([]);
  },
);

test('repairing a whole, an empty or a missing log changes nothing', async () => {
  expect(await repairEventLog(file)).toBe(0);
  await writeFile(file, '');
  expect(await repairEventLog(file)).toBe(0);
  append([hello], 0);
  expect(await repairEventLog(file)).toBe(0);
});

test('lines that make no sense are named and passed over', async () => {
  append([hello], 0);
  await appendFile(file, 'garbage\n{"type":"telepathy","seq":1,"time":""}\n{"type":"step","seq":1,"time":""}\n');
  append([step(1)], 1);
  const { state, problems } = await readEvents(file);
  expect(state.steps.length).toBe(1);
  expect(problems).toEqual([
    expect.stringMatching(/not valid JSON.*garbage/) as string,
    "Unknown event type 'telepathy'.",
    expect.stringMatching(/'step' is malformed/) as string,
  ]);
});

test('following gives the past, then each new event as it comes, and ends with the run', async () => {
  const process = { ...(await ownMark()), argv: [] };
  await writeManifest(folder, sampleManifest({ state: 'running', process }));
  const events = append([hello, step(1)], 0);
  const finished = { type: 'finished', ...fullEvents.finished, seq: 2, time: '2026-01-01T00:00:00.000Z' } as const;
  const rest = `${JSON.stringify(finished).replace('"seq":2,', '').slice(1)}\n`;
  const finish = async (): Promise<void> => {
    await appendFile(file, rest);
    await writeManifest(folder, sampleManifest({ state: 'completed', process }));
  };
  const seen: TrainerEvent[] = [];
  for await (const event of followRun(folder, { interval: 5 })) {
    seen.push(event);
    if (event.seq === 1) {
      // Half a line first: it must be waited for.
      await appendFile(file, '{"seq":2,');
      setTimeout(() => void finish(), 30);
    }
  }
  expect(seen).toEqual([...events, finished]);
});

test('following can begin later and be ended', async () => {
  const process = { ...(await ownMark()), argv: [] };
  await writeManifest(folder, sampleManifest({ state: 'running', process }));
  append([hello, step(1), step(2)], 0);
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const event of followRun(folder, { fromSeq: 1, signal: stop.signal, interval: 5 })) {
    seen.push(event.seq);
    if (event.seq === 2) stop.abort();
  }
  expect(seen).toEqual([1, 2]);
});

test('a list of runs knows the last step without reading the whole log', async () => {
  const runs = path.dirname(folder);
  await writeManifest(folder, sampleManifest({ state: 'completed' }));
  append([hello, ...Array.from({ length: 1000 }, (_, i) => step(i + 1))], 0);
  const found = (await listRuns(runs)).runs.find((run) => run.folder === folder);
  expect(found?.lastStep).toEqual({ step: 1000, loss: fullEvents.step.loss });
});
