// What PEFT made of DoRA and prefixes, asked by the embedded engine: every family, row by row and token by token.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planForAnswers, tensorsOf } from '../../src/cli/generation/plan.ts';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import type { TrainingSession } from '../../src/engine/session.ts';
import { createLocalSession } from '../../src/engine/training/localSession.ts';
import { parseJsonObject } from '../../src/models/json.ts';
import { openAdapter } from '../../src/models/openAdapter.ts';
import { readFolderWeights } from '../../src/models/shards.ts';
import { describeWith, runPython } from '../support/requirements.ts';
import { greedy } from '../support/tinyModel.ts';

type Kind = 'dora' | 'prefix' | 'projected';

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly rows: readonly (readonly number[])[];
  /** The likeliest tokens behind each row. */
  readonly tokens: Readonly<Record<Kind, readonly (readonly number[])[]>>;
}

describeWith(['python'], 'adapters that PEFT saved', () => {
  let folder = '';
  let cases: Case[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'finetune-adapters-'));
    cases = await runPython<Case[]>(new URL('adapters.py', import.meta.url), { args: [folder] });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<Kind>(['dora', 'prefix', 'projected'])('%s', async (kind) => {
    const wrong: string[] = [];
    let compared = 0;
    for (const { name, folder: model, rows, tokens } of cases) {
      const session = await openWith(model, kind);
      try {
        const { contextLength } = session.info;
        const fitting = [...rows.keys()].filter((r) => rows[r]!.length < contextLength);
        const asked = fitting.map((r) => rows[r]!);
        const [found, next] = [await logProbabilities(session, asked), await likeliest(session, asked)];
        for (const [i, r] of fitting.entries()) {
          const difference = distance(found[i]!, floats(join(model, kind, `logprobs-${String(r)}.bin`)));
          // An answer ends where the context does.
          const expected = tokens[kind][r]!.slice(0, contextLength - rows[r]!.length);
          if (!(difference <= 1e-4)) wrong.push(`${name}, row ${String(r)}: ${String(difference)}`);
          if (String(next[i]) !== String(expected)) wrong.push(`${name}: ${String(next[i])} for ${String(expected)}`);
          compared += 1;
        }
      } finally {
        await session.close();
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(60);
  });
});

/** As `finetune generate` opens a model with an adapter, in this thread. */
async function openWith(folder: string, kind: Kind): Promise<TrainingSession> {
  const adapter = await openAdapter(join(folder, kind));
  const config = parseJsonObject(readFileSync(join(folder, 'config.json'), 'utf8'), 'config.json');
  const { weights } = await readFolderWeights(folder);
  const plan = planForAnswers({ config, weights, reference: folder }, adapter, 'cpu');
  const session = await createLocalSession({ ...plan, threads: 1 }, onnxExecutor({ provider: 'cpu', threads: 1 }));
  await session.restore({ trained: tensorsOf(adapter), step: 0 });
  return session;
}

const vocabulary = 61;

/** Log-probabilities [tokens · vocabulary] of each row: the losses of every token at every place, all rows in one sequence. */
async function logProbabilities(
  session: TrainingSession,
  rows: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  const tokens = Int32Array.from(rows.flat());
  const { tokenLosses } = await session.evaluate([
    {
      tokens,
      positions: Int32Array.from(rows.flatMap((row) => row.map((_, i) => i))),
      segments: Int32Array.from(rows.flatMap((row, r) => row.map(() => r))),
      lossPositions: Int32Array.from({ length: tokens.length * vocabulary }, (_, i) => Math.floor(i / vocabulary)),
      lossTargets: Int32Array.from({ length: tokens.length * vocabulary }, (_, i) => i % vocabulary),
      sampleIds: rows.map((_, r) => `row:${String(r)}`),
    },
  ]);
  let start = 0;
  return rows.map((row) => tokenLosses[0]!.slice(start, (start += row.length * vocabulary)).map((loss) => -loss));
}

async function likeliest(session: TrainingSession, rows: readonly (readonly number[])[]): Promise<number[][]> {
  const found = rows.map((): number[] => []);
  const prompts = rows.map((row) => Int32Array.from(row));
  for await (const { prompt, tokenId } of session.generate(prompts, greedy(3))) found[prompt]!.push(tokenId);
  return found;
}

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Largest absolute difference; NaN where lengths or numbers do not fit. */
function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return NaN;
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}
