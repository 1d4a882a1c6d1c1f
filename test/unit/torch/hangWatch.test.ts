// A rank that hangs is told from one that computes, waits, or is slow; looks are given here, one a second.

import { expect, test } from 'vitest';
import { createHangWatch, type Hang } from '../../../src/torch/session/hangWatch.ts';
import type { SignOfLife } from '../../../src/torch/session/workerProcess.ts';

const computing = (i: number): SignOfLife => ({
  beats: i,
  doing: 'forward',
  collective: false,
  count: 5,
  cpuSeconds: i,
});
const idle = (i: number): SignOfLife => ({ ...computing(i), cpuSeconds: 3 });
const waiting = (i: number, doing = 'all_reduce'): SignOfLife => ({ ...idle(i), doing, collective: true });
const stopped = (): SignOfLife => ({ ...idle(0), beats: 3 });

/** Looks until a hang is found; with the number of the look. */
function find(at: (look: number) => SignOfLife[], looks = 200): { look: number; hang: Hang } | undefined {
  const watch = createHangWatch();
  for (let look = 1; look <= looks; look++) {
    const hang = watch(at(look));
    if (hang) return { look, hang };
  }
  return undefined;
}

test('one that was stopped is found by its silence within 9 looks', () => {
  const found = find((i) => [waiting(i), stopped()]);
  expect(found?.hang).toEqual({ ranks: [1], what: expect.stringContaining('no sign of life') as unknown });
  expect(found!.look).toBeLessThan(9);
});

test('one that does nothing while another waits for it is found as soon', () => {
  const found = find((i) => [idle(i), waiting(i)]);
  expect(found?.hang.ranks).toEqual([0]);
  expect(found!.look).toBeLessThan(9);
});

test('one that computes for long is waited for, and so is one that begins something new', () => {
  expect(find((i) => [computing(i), waiting(i)])).toBeUndefined();
  expect(find((i) => [{ ...idle(i), count: Math.floor(i / 6) }, waiting(i)])).toBeUndefined();
});

test('ranks in different collectives wait for ever, those in the same one for a network', () => {
  const crossed = find((i) => [waiting(i, 'all_reduce'), waiting(i, 'broadcast')]);
  expect(crossed?.hang.ranks).toEqual([0, 1]);
  expect(crossed!.look).toBeLessThan(9);
  const slow = find((i) => [waiting(i), waiting(i)]);
  expect(slow?.hang.what).toContain('like all the others');
  expect(slow!.look).toBeGreaterThan(59);
});

test('ranks that all read from a slow disk are not taken for hanging at once', () => {
  expect(find((i) => [idle(i), idle(i)], 59)).toBeUndefined();
});

test('a machine that slept gives every rank its chance again', () => {
  const watch = createHangWatch();
  for (let i = 1; i <= 5; i++) expect(watch([stopped(), waiting(9)])).toBeUndefined();
  for (let i = 10; i <= 40; i++) expect(watch([computing(i), waiting(i)])).toBeUndefined();
});
