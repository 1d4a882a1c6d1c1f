// A feed against a log that grows, is rewound, torn and replaced: snapshot plus deltas is always the whole.
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRunFeed, type RunFeed } from '../../../src/extension/panels/runFeed.ts';
import type { EventDraft, TrainerEvent } from '../../../src/protocol/events.ts';
import { encodeJsonLine } from '../../../src/protocol/jsonLines.ts';
import { isRunSections, isSeriesPage } from '../../../src/protocol/panelGuards.ts';
import { evaluated, failed, finished, hello, numbered, started, step } from '../../support/runEvents.ts';
import { runRecord } from '../../support/runRecords.ts';

let folder: string;
let problems: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-feed-'));
  problems = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function feed(): RunFeed {
  return createRunFeed(folder, {
    run: () => runRecord({ folder, status: 'running' }),
    configFile: ({ manifest }) => manifest.config_file,
    previous: () => null,
    trusted: () => true,
    t: (text, ...args) => text.replace(/\{(\d)\}/g, (_, i: string) => String(args[Number(i)])),
    onProblem: (sentence) => problems.push(sentence),
  });
}

const log = (): string => join(folder, 'events.jsonl');
const lines = (events: readonly TrainerEvent[]): string => events.map(encodeJsonLine).join('');
const many = (from: number, to: number): EventDraft[] =>
  Array.from({ length: to - from }, (_, i) => step(from + i, 5 - i / 100));

test('a snapshot and the deltas after it together are all steps, each once', async () => {
  const events = numbered([hello, started, ...many(1, 41), evaluated, finished]);
  await writeFile(log(), lines(events.slice(0, 12)));
  const followed = feed();
  await followed.read();
  const { sections, page } = followed.snapshot();
  expect(isRunSections(sections) && isSeriesPage(page)).toBe(true);
  const seen = [...page.step];
  for (let at = 12; at < events.length; at += 7) {
    await appendFile(log(), lines(events.slice(at, at + 7)));
    await followed.read();
    const delta = followed.delta();
    if (delta === undefined || delta === 'reset') throw new Error('a delta was expected');
    seen.push(...(delta.points?.step ?? []));
  }
  expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  expect(followed.delta()).toBeUndefined();
  expect(followed.snapshot().sections.result?.outcome).toBe('completed');
});

test('without patience the feed tells what it has read so far, and the rest when it is read', async () => {
  await writeFile(log(), lines(numbered([hello, started, ...many(1, 8001)])));
  const followed = feed();
  await followed.read(0);
  const early = followed.snapshot().page.total;
  expect(early).toBeLessThan(8000);
  await followed.read();
  expect(followed.snapshot().page.total).toBe(8000);
});

test('a line that is still being written is not seen, nor lost', async () => {
  const events = numbered([hello, started, step(1, 3), step(2, 2)]);
  const text = lines(events);
  await writeFile(log(), text.slice(0, -20));
  const followed = feed();
  await followed.read();
  expect([...followed.snapshot().page.step]).toEqual([1]);
  await appendFile(log(), text.slice(-20));
  await followed.read();
  const delta = followed.delta();
  expect(delta !== 'reset' && [...(delta?.points?.step ?? [])]).toEqual([2]);
  expect(problems).toEqual([]);
});

test('steps that are run again after a restart are told once, with how far to go back', async () => {
  await writeFile(log(), lines(numbered([hello, started, ...many(1, 11)])));
  const followed = feed();
  await followed.read();
  followed.snapshot();
  const all = numbered([
    hello,
    started,
    ...many(1, 11),
    hello,
    { type: 'resumed', step: 6, after: 'restart' },
    step(7, 1),
    step(8, 1),
  ]);
  await appendFile(log(), lines(all.slice(12)));
  await followed.read();
  const delta = followed.delta();
  if (delta === undefined || delta === 'reset') throw new Error('a delta was expected');
  expect(delta.rewindTo).toBe(6);
  expect([...(delta.points?.step ?? [])]).toEqual([7, 8]);
  expect([...followed.snapshot().page.step]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('another log in the same place asks for a new snapshot', async () => {
  await writeFile(log(), lines(numbered([hello, started, ...many(1, 30)])));
  const followed = feed();
  await followed.read();
  followed.snapshot();
  await writeFile(log(), lines(numbered([hello, started, step(1, 9)])));
  await followed.read();
  expect(followed.delta()).toBe('reset');
  expect([...followed.snapshot().page.step]).toEqual([1]);
});

test('broken lines are told as problems and everything else is read', async () => {
  const [first, second, third] = numbered([hello, started, step(1, 3)]);
  await writeFile(
    log(),
    `${encodeJsonLine(first)}{"seq": 1, broken\n\u0000\n${encodeJsonLine(second)}[]\n${encodeJsonLine(third)}`,
  );
  const followed = feed();
  await followed.read();
  const { sections, page } = followed.snapshot();
  expect([...page.step]).toEqual([1]);
  expect(sections.problems.length).toBe(3);
  expect(problems.length).toBe(3);
});

test('the rows of a step are found again in the log', async () => {
  const rows = [{ id: 'data.jsonl:7', loss: 2.5, tokens: 12 }];
  const withRows = (number: number): EventDraft =>
    ({ ...step(number, 3), ...(number === 3 ? { rows } : {}) }) as EventDraft;
  await writeFile(log(), lines(numbered([hello, started, withRows(1), withRows(2), withRows(3), withRows(4)])));
  const followed = feed();
  await followed.read();
  expect(await followed.rowsOfStep(3)).toEqual({ step: 3, rows });
  expect(await followed.rowsOfStep(99)).toEqual({ step: 99, rows: [] });
});

test('a long log is told as a whole curve before it has been read, and then step by step', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ id: `data/train.jsonl:${i}`, loss: 1.25, tokens: 12 }));
  const count = 16_000;
  const drafts = many(1, count + 1).map((draft, i) => ({ ...draft, loss: i === 9000 ? 77 : 2, rows }) as EventDraft);
  const text = lines(numbered([hello, started, ...drafts, hello, { type: 'resumed', step: 15_000, after: 'restart' }]));
  expect(text.length).toBeGreaterThan(33 << 20);
  await writeFile(log(), text);
  const followed = feed();
  let isRead = false;
  const reading = followed.read().then(() => (isRead = true));
  await followed.read(60_000);
  const early = followed.snapshot().page;
  // It came from a glance: a few of its steps, and those run again are gone already.
  expect(early.step.length).toBeLessThan(1000);
  const shown = early.step.at(-1) ?? 0;
  expect(shown).toBeGreaterThan(14_900);
  expect(shown).toBeLessThanOrEqual(15_000);
  expect([early.step[0], early.total]).toEqual([1, shown]);
  expect(early.tokens.at(-1)).toBe(shown * 240);
  while (followed.delta() !== 'reset') await nextTurn();
  expect(isRead).toBe(false);
  const looked = followed.snapshot().page;
  expect(looked.step.length).toBeLessThan(5000);
  expect(Math.max(...(looked.metrics['loss'] ?? []))).toBe(77);
  expect((await followed.rowsOfStep(9001)).rows.length).toBe(40);
  await reading;
  expect(followed.delta()).toBe('reset');
  const { page, sections } = followed.snapshot();
  expect(page.total).toBe(15_000);
  expect(sections.now).toMatchObject({ step: 15_000, tokens: 15_000 * 240, elapsed: 30_000 });
  expect(sections.problems).toEqual([]);
});

test('a failure becomes a crash card with its remedies', async () => {
  await writeFile(log(), lines(numbered([hello, started, step(1, 3), failed])));
  const followed = feed();
  await followed.read();
  const { crash, timeline } = followed.snapshot().sections;
  expect(crash?.remedies[0]?.set).toEqual({ 'data.max_length': 512 });
  expect(timeline.at(-1)?.level).toBe('error');
});
