// The quick reader of step lines against the checked path: the same numbers, and nothing that the checked path refuses.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStepColumns, type StepColumns } from '../../../src/metrics/stepColumns.ts';
import { blockFields, emptyBlock, type StepBlock } from '../../../src/metrics/stepBlock.ts';
import { encodeJsonLine } from '../../../src/protocol/jsonLines.ts';
import type { EventOf, TrainerEvent } from '../../../src/protocol/events.ts';
import { createLogFollower, decodeLine, type LogPart } from '../../../src/runs/logFollower.ts';
import { createStepScanner } from '../../../src/runs/stepScanner.ts';
import { uniform } from '../../support/random.ts';
import { evaluated, hello, numbered, started, step } from '../../support/runEvents.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'finetune-scan-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const random = uniform('step lines');
const bits = new DataView(new ArrayBuffer(8));

/** Doubles as they come: short, with 17 digits, tiny, huge, whole, negative. */
function anyNumber(): number {
  const kind = Math.floor(random() * 6);
  if (kind === 0) return Math.fround(random() * 10);
  if (kind === 1) return random() * 10 ** Math.floor(random() * 40 - 20);
  if (kind === 2) return Math.round(random() * 1e6) / 1000;
  if (kind === 3) return -random();
  if (kind === 4) return Math.floor(random() * 1e9);
  bits.setUint32(0, random() * 2 ** 32);
  bits.setUint32(4, random() * 2 ** 32);
  const value = bits.getFloat64(0);
  return Number.isFinite(value) ? value : 0;
}

function anyStep(number: number): EventOf<'step'> {
  const whole = (): number => Math.floor(random() * 1e6);
  return {
    seq: number,
    time: new Date(Math.floor(random() * 4e12)).toISOString(),
    type: 'step',
    step: number,
    epoch: anyNumber(),
    loss: anyNumber(),
    learning_rate: anyNumber(),
    grad_norm: anyNumber(),
    tokens: whole(),
    trained_tokens: whole(),
    tokens_per_second: anyNumber(),
    memory_bytes: whole(),
    seconds: anyNumber(),
    rows: Array.from({ length: Math.floor(random() * 4) }, (_, i) => ({
      id: `资料/train.jsonl:${i}`,
      loss: anyNumber(),
      tokens: whole(),
    })),
    ...(random() < 0.3 ? { metrics: { 'rewards/margins': anyNumber(), kl: anyNumber() } } : {}),
  };
}

/** One whose numbers have no exponents. */
function plainStep(number: number): EventOf<'step'> {
  const { metrics: _, ...any } = anyStep(number);
  return { ...any, epoch: 0.5, loss: 1.25, learning_rate: 2e-7, grad_norm: 1, tokens_per_second: 300, seconds: 0.1 };
}

function scanned(line: string): { accepted: boolean; block: StepBlock } {
  const bytes = Buffer.from(line);
  const block = emptyBlock(2);
  const piece = { bytes, text: bytes.toString('latin1'), offset: 1000 };
  return { accepted: createStepScanner().scan(piece, 0, bytes.length - 1, block), block };
}

test('numbers of a step are the very doubles that JSON.parse gives', () => {
  let accepted = 0;
  for (let i = 0; i < 4000; i++) {
    const line = encodeJsonLine(anyStep(i));
    const found = scanned(line);
    if (!found.accepted) continue;
    accepted += 1;
    const event = JSON.parse(line) as EventOf<'step'>;
    const { fields, metrics } = found.block;
    for (const name of blockFields) {
      const wanted = name === 'place' ? 1000 : name === 'time' ? Date.parse(event.time) : event[name];
      if (!Object.is(fields[name][0], wanted)) throw new Error(`${name} of ${line} came out as ${fields[name][0]}`);
    }
    const further = Object.fromEntries([...metrics].map(([name, column]) => [name, column[0]]));
    if (!isDeepStrictEqual(further, event.metrics ?? {})) throw new Error(`other metrics than those of ${line}`);
  }
  // Numbers that may be infinite (with an exponent above zero) are left to the checked path.
  expect(accepted).toBeGreaterThan(1000);
});

test('a line that the checked path refuses is never taken', () => {
  const line = encodeJsonLine({ ...plainStep(5), rows: [{ id: 'a:1', loss: 1.5, tokens: 3 }], metrics: { kl: 0.25 } });
  const alphabet = '{}[]",:.-+eE0123456789 ntf\\\u0001\u00e9\r';
  let taken = 0;
  for (let i = 0; i < 6000; i++) {
    const at = Math.floor(random() * line.length - 1);
    const put = alphabet[Math.floor(random() * alphabet.length)] ?? '';
    const cut = Math.floor(random() * 3);
    const changed = `${line.slice(0, Math.max(0, at))}${random() < 0.7 ? put : ''}${line.slice(Math.max(0, at) + cut)}`;
    if (!changed.endsWith('\n') || changed.indexOf('\n') !== changed.length - 1) continue;
    if (!scanned(changed).accepted) continue;
    taken += 1;
    const event = decodeLine(Buffer.from(changed), (sentence) => {
      throw new Error(`${sentence}: ${changed}`);
    });
    expect(event?.type).toBe('step');
  }
  expect(taken).toBeGreaterThan(30);
});

test('numbers that are spelled out, other orders, escapes and odd times are left to the checked path', () => {
  const good = plainStep(3);
  const { seq, time, ...rest } = { ...good, rows: [] };
  expect(scanned(encodeJsonLine({ ...good, rows: [] })).accepted).toBe(true);
  for (const other of [
    { ...good, loss: Number.NaN },
    { ...rest, seq, time },
    { ...good, rows: [{ id: 'C:\\data:1', loss: 1, tokens: 1 }] },
    { ...good, time: '2026-11-24T25:00:00.000Z' },
    { ...good, time: '2026-13-24T05:00:00.000Z' },
    { ...good, time: 'yesterday' },
    { ...good, metrics: { loss: 3 } },
    { ...good, further: 1 },
    { ...good, tokens: 1.5 },
  ]) {
    expect(scanned(encodeJsonLine(other)).accepted).toBe(false);
  }
});

/** All that is known of a log's steps, read by the follower or by the checked path alone. */
async function columnsOf(file: string, events: readonly TrainerEvent[] | undefined): Promise<StepColumns> {
  const columns = createStepColumns();
  const take = (part: LogPart): void => {
    if ('steps' in part) columns.appendBlock(part.steps, 1);
    else if (part.event.type === 'step') columns.append(part.event, part.place, 1);
    else if (part.event.type === 'resumed') columns.rewind(part.event.step);
  };
  let place = 0;
  for (const event of events ?? []) {
    take({ event, place });
    place += Buffer.byteLength(encodeJsonLine(event));
  }
  if (!events) await createLogFollower(file, () => undefined).read(take, () => undefined);
  return columns;
}

test('columns filled from blocks are those filled step by step, also when steps are run again', async () => {
  const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => step(from + i, random()));
  const events = numbered([
    hello,
    started,
    ...many(1, 4500),
    evaluated,
    ...many(4500, 5000),
    step(5000, Number.NaN),
    hello,
    { type: 'resumed', step: 3000, after: 'restart' },
    ...many(3001, 4000),
    // Without a word: a trainer that was killed at once.
    ...many(3500, 4200),
  ]);
  const file = join(folder, 'events.jsonl');
  await writeFile(file, events.map(encodeJsonLine).join(''));
  const quick = await columnsOf(file, undefined);
  const checked = await columnsOf(file, events);
  expect(quick.length).toBe(4199);
  const whole = { from: 0, to: Number.POSITIVE_INFINITY, buckets: 400, smoothing: 0.9 };
  expect(quick.page(whole)).toEqual(checked.page(whole));
  for (const name of ['trend', 'bestStep', 'bestLoss', 'clipped', 'tokens', 'elapsed', 'place'] as const) {
    expect(quick.last(name)).toBe(checked.last(name));
  }
});
