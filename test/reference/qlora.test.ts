// QLoRA by the torch engine against transformers, bitsandbytes and PEFT alone; resumed, and evaluated in between.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeAdapter } from '../../src/models/adapter.ts';
import { readSafetensors } from '../../src/models/safetensors.ts';
import type { NamedTensor } from '../../src/models/types.ts';
import { openTorchSession, type TorchPlan, type TorchSession } from '../../src/torch/session/torchSession.ts';
import { startWorker, type WorkerProcess } from '../../src/torch/session/workerProcess.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { packed, tinyPlan, tinyRows } from '../support/tinyModel.ts';
import { writeTinyModel } from '../support/tinyModelFolder.ts';

const program = path.resolve(import.meta.dirname, '../../src/torch/worker');
const steps = 8;
const rowsPerStep = 4;
const learningRate = 0.01;
const rows = tinyRows(steps * rowsPerStep);

describeWith(['python'], 'QLoRA of the torch engine', () => {
  let folder: string;
  let plan: TorchPlan;
  let worker: WorkerProcess;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'finetune-qlora-'));
    const model = await writeTinyModel(path.join(folder, 'model'), { hidden_size: 64, intermediate_size: 96 });
    const modelConfig = JSON.parse(await readFile(path.join(model, 'config.json'), 'utf8')) as Record<string, unknown>;
    const { entries } = await readSafetensors(path.join(model, 'model.safetensors'));
    const quantization = { type: 'nf4', double_quant: true } as const;
    plan = { ...tinyPlan([...entries.values()]), modelConfig, mixedPrecision: 'no', quantization };
    worker = startWorker({ python: requiredPath('python'), program, onOutput: () => undefined });
  });
  afterAll(async () => {
    await worker.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (changes: Partial<TorchPlan> = {}): Promise<TorchSession> =>
    openTorchSession(worker, { ...plan, ...changes });
  const ofStep = (step: number) => rows.slice((step - 1) * rowsPerStep, step * rowsPerStep);

  /** Steps with an evaluation after each, which must leave no trace. */
  async function train(session: TorchSession, from: number, to: number): Promise<[loss: number, norm: number][]> {
    const taken: [number, number][] = [];
    for (let step = from; step <= to; step++) {
      const own = ofStep(step);
      const sequences = [packed(own.slice(0, 3)), packed(own.slice(3))];
      const { loss, gradNorm } = await session.step({ step, sequences, learningRate });
      taken.push([loss, gradNorm]);
      await session.evaluate([packed(rows.slice(0, 3))]);
    }
    return taken;
  }

  test('nf4 and fp4, with and without double quantisation: losses and gradients of the libraries alone', async () => {
    const model = path.join(folder, 'model');
    const settings = { rank: 4, alpha: 8, dropout: 0, useRslora: false, baseModel: model };
    const cases = [
      { type: 'nf4', doubleQuant: true, adapter: path.join(folder, 'adapter-nf4') },
      { type: 'fp4', doubleQuant: false, adapter: path.join(folder, 'adapter-fp4') },
    ] as const;
    const actual: Awaited<ReturnType<typeof train>>[] = [];
    for (const { type, doubleQuant, adapter } of cases) {
      const session = await open({ quantization: { type, double_quant: doubleQuant } });
      expect(session.warnings).toEqual([]);
      expect(session.info.totalParameters - session.info.trainableParameters).toBe(
        plan.weights.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0),
      );
      await writeAdapter(adapter, { ...settings, modules: session.info.adaptedModules }, session.trainedTensors());
      actual.push(await train(session, 1, steps));
    }
    const input = { model, rows, rowsPerStep, learningRate, cases };
    const expected = await runPython<typeof actual>(new URL('qlora.py', import.meta.url), { input });
    expect(expected.map(({ length }) => length)).toEqual([steps, steps]);
    for (const [c, taken] of actual.entries()) {
      for (const [i, [loss, norm]] of taken.entries()) {
        expect(Math.abs(loss / expected[c]![i]![0] - 1)).toBeLessThan(1e-3);
        expect(Math.abs(norm / expected[c]![i]![1] - 1)).toBeLessThan(1e-2);
      }
    }
    expect(actual[0]).not.toEqual(actual[1]);
  });

  test('what is put back goes on bit-equal, and the loss falls', async () => {
    const collect = async (tensors: AsyncIterable<NamedTensor>): Promise<NamedTensor[]> => {
      const all: NamedTensor[] = [];
      for await (const tensor of tensors) all.push(tensor);
      return all;
    };
    const sequences = [packed(rows.slice(0, 8))];
    const first = await open();
    const before = await first.evaluate(sequences);
    await train(first, 1, 4);
    const state = {
      trained: await collect(first.trainedTensors()),
      optimizer: await collect(first.optimizerTensors()),
    };
    const rest = await train(first, 5, steps);
    expect((await first.evaluate(sequences)).lossSum).toBeLessThan(before.lossSum);
    const second = await open();
    await second.restore({ ...state, step: 4 });
    expect(await train(second, 5, steps)).toEqual(rest);
  });
});
