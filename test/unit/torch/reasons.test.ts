// Why a device of the torch engine cannot be used: one sentence, and what mends it on this very machine.
import { describe, expect, test } from 'vitest';
import type { TorchDevice } from '../../../src/torch/environment/examine.ts';
import { deviceText, mendingOf } from '../../../src/torch/environment/reasons.ts';

const cuda = (detail: string, more: Partial<TorchDevice> = {}): TorchDevice => ({
  ...{ name: 'cuda', usable: false, detail },
  ...more,
});
const [nvidia, amd] = [[{ vendor: 'nvidia' }], [{ vendor: 'amd' }]] as const;

test('an environment of its own is mended; beside a chosen one another can be made or chosen', () => {
  expect(mendingOf({ managed: true, python: '/p' })).toBe('Run `finetune setup torch` to mend it (/p).');
  expect(mendingOf({ managed: false, python: '/p' })).toMatch(/for one of its own, or choose another.*--python <path>/);
});

describe('a device that cannot be used', () => {
  test('a driver that is too old: the fact without links, and both ways out', () => {
    const said =
      'The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver by downloading and installing a new version from the URL: http://www.nvidia.com/Download/index.aspx Alternatively, go to: https://pytorch.org';
    expect(deviceText(cuda(said), nvidia)).toBe(
      'The NVIDIA driver on your system is too old (found version 11040). Update the driver, or choose an environment with a PyTorch for its CUDA: `finetune setup torch --python <path>`.',
    );
  });

  test('a PyTorch without CUDA is exchanged only where there is a GPU for it', () => {
    const without = cuda('this PyTorch is built without CUDA and ROCm');
    expect(deviceText(without, [])).toBe('this PyTorch is built without CUDA and ROCm.');
    expect(deviceText(without, amd)).toMatch(/for this GPU.*choose it: `finetune setup torch --python <path>`/);
    const own = process.platform === 'linux' ? /Run `finetune setup torch` for a PyTorch with CUDA/ : /choose it/;
    expect(deviceText(without, nvidia)).toMatch(own);
  });

  test('a driver that PyTorch does not find, though the machine has a GPU', () => {
    const said = 'Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU';
    expect(deviceText(cuda(said), [])).toBe('Found no NVIDIA driver on your system.');
    expect(deviceText(cuda(said), nvidia)).toContain('docker run --gpus all');
  });

  test('memory that others hold', () => {
    expect(deviceText(cuda('CUDA error: out of memory'), nvidia)).toMatch(
      /^CUDA error: out of memory\. .*`nvidia-smi`/,
    );
  });
});

test('a device that can be used says how many there are, what is free, and whether it has bf16', () => {
  const usable = { usable: true, bfloat16: true, freeBytes: 80e9, count: 8 };
  expect(deviceText(cuda('NVIDIA H100', usable), nvidia)).toBe('NVIDIA H100 and 7 more, 80.0 GB free, bf16');
  const old = { usable: true, bfloat16: false, freeBytes: 12e7, count: 1 };
  expect(deviceText(cuda('Tesla T4', old), nvidia)).toMatch(/^Tesla T4, 120 MB free, no bf16 .*\. Other programs hold/);
  expect(deviceText({ name: 'mps', usable: true, detail: 'Metal', count: 1 }, [])).toBe('Metal');
});
