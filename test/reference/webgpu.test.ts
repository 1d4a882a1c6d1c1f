// The WebGPU execution provider against the CPU's: a training session and its answers, on Vulkan in software.

import { beforeAll, expect, test } from 'vitest';
import type { SessionPlan, TrainingSession } from '../../src/engine/session.ts';
import { describeWith, requiredPath } from '../support/requirements.ts';
import { greedy, packed, tinyPlan, tinyRows, tinyWeights } from '../support/tinyModel.ts';

const rows = tinyRows(4);

describeWith(['swiftshader'], 'WebGPU', () => {
  let open: (device: string, changes?: Partial<SessionPlan>) => Promise<TrainingSession>;

  beforeAll(async () => {
    // Read by the Vulkan loader when ONNX Runtime is loaded, so the import comes after it.
    process.env['VK_ICD_FILENAMES'] = requiredPath('swiftshader');
    const { chooseExecutor } = await import('../../src/engine/executors/choose.ts');
    const { createLocalSession } = await import('../../src/engine/training/localSession.ts');
    const weights = await tinyWeights();
    open = async (device, changes = {}) => {
      const plan = tinyPlan(weights, { ...changes, device });
      return createLocalSession(plan, await chooseExecutor(plan));
    };
  });

  test.each([
    ['lora', {}],
    ['lora with checkpointing', { gradientCheckpointing: true }],
    ['full', { method: { kind: 'full' as const } }],
  ])('%s trains as on the CPU', async (_, changes) => {
    const losses = async (device: string) => {
      const session = await open(device, changes);
      const made: number[] = [];
      for (let step = 1; step <= 4; step++) {
        const { loss, gradNorm } = await session.step({ step, sequences: [packed(rows)], learningRate: 0.01 });
        made.push(loss, gradNorm);
      }
      return made;
    };
    const expected = await losses('cpu');
    (await losses('webgpu')).forEach((value, i) => {
      expect(Math.abs(value - expected[i]!) / expected[i]!).toBeLessThan(1e-5);
    });
  });

  test('answers with the same tokens', async () => {
    const settings = greedy(8);
    const answers = async (device: string) => {
      const made: number[] = [];
      const prompts = rows.map((row) => Int32Array.from(row.tokens));
      for await (const token of (await open(device)).generate(prompts, settings)) made.push(token.tokenId);
      return made;
    };
    expect(await answers('webgpu')).toEqual(await answers('cpu'));
  });
});
