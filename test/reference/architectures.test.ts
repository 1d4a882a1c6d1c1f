// Logits of every model family against transformers, on tiny random models (quality bar 4: 1e-4).

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelConfig } from '../../src/engine/architectures/configFields.ts';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import { readSafetensors } from '../../src/models/safetensors.ts';
import { packedLogits } from '../support/packedLogits.ts';
import { describeWith, runPython } from '../support/requirements.ts';

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly rows: readonly (readonly number[])[];
}

/** The families and what of their configs is varied; the script must have made exactly these many cases. */
const families = ['llama', 'mistral', 'qwen2', 'qwen3', 'phi3', 'phi4-mini', 'gemma', 'gemma2', 'gemma3', 'gpt2'];

describeWith(['python'], 'logits of tiny random models', () => {
  let folder = '';
  let cases: Case[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'finetune-architectures-'));
    cases = await runPython<Case[]>(new URL('architectures.py', import.meta.url), { args: [folder] });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(families)('%s', async (family) => {
    const own = cases.filter(({ name }) => (/^[\w-]+/.exec(name)?.[0] ?? '').replace('_text', '') === family);
    expect(own.length).toBeGreaterThan(0);
    const worst: Record<string, number> = {};
    for (const made of own) {
      const { entries } = await readSafetensors(join(made.folder, 'model.safetensors'));
      const expected = made.rows.map((_, i) => floats(join(made.folder, `logits-${String(i)}.bin`)));
      for (const style of ['hub.json', 'config.json']) {
        const config = JSON.parse(readFileSync(join(made.folder, style), 'utf8')) as ModelConfig;
        const executor = onnxExecutor({ provider: 'cpu', threads: 1 });
        const logits = await packedLogits(executor, config, entries.values(), made.rows);
        worst[`${made.name}, ${style}`] = Math.max(...logits.map((row, i) => distance(row, expected[i]!)));
      }
    }
    expect(Object.entries(worst).filter(([, difference]) => !(difference <= 1e-4))).toEqual([]);
  });
});

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Largest absolute difference; NaN where lengths or numbers do not fit. */
function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return NaN;
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}
