// A short run of bench/fuzzConfig.ts: random edits of configs in sequence, with every question that an editor asks.
import { expect, test } from 'vitest';
import { fuzzConfig } from '../../../bench/fuzzConfig.ts';
import { serveHere } from '../../support/languageClient.ts';

test.each([1, 2])(
  'edits with seed %i: every answer comes, and a document opened afresh is told the same',
  async (seed) => {
    const { edits, answers } = await fuzzConfig(seed, (done) => done >= 40, serveHere);
    expect([edits, answers > 10 * edits]).toEqual([40, true]);
  },
);
