// Processors and graphics processors from captured tool outputs.
import { describe, expect, test } from 'vitest';
import { parseCpuinfo, parseSysctl, readCpu } from '../../../src/platform/cpu.ts';
import {
  gpusOfRun,
  mergeGpus,
  parseNvidiaSmi,
  parseRocmSmi,
  parseSystemProfiler,
  parseVideoControllers,
} from '../../../src/platform/gpus.ts';

describe('processor', () => {
  test('x86: cores of two sockets, and only the instructions that matter', () => {
    const core = (processor: number, socket: number, id: number) =>
      `processor\t: ${processor}\nphysical id\t: ${socket}\ncore id\t\t: ${id}\nflags\t\t: fpu sse2 avx avx2 fma avx512f amx_bf16\n`;
    const text = [core(0, 0, 0), core(1, 0, 0), core(2, 0, 1), core(3, 1, 0)].join('\n');
    expect(parseCpuinfo(text)).toEqual({ cores: 3, features: ['avx', 'avx2', 'fma', 'avx512f', 'amx_bf16'] });
  });

  test('ARM', () => {
    const text = 'processor\t: 0\nFeatures\t: fp asimd evtstrm aes asimddp bf16 i8mm sve\nCPU part\t: 0xd4f\n';
    expect(parseCpuinfo(text)).toEqual({ features: ['asimd', 'asimddp', 'bf16', 'i8mm', 'sve'] });
    expect(parseCpuinfo('')).toEqual({});
  });

  test('macOS on Apple silicon and on Intel', () => {
    const apple =
      'hw.physicalcpu: 10\nhw.optional.AdvSIMD: 1\nhw.optional.arm.FEAT_BF16: 1\nhw.optional.arm.FEAT_I8MM: 1\nhw.optional.arm.FEAT_SME: 0\n';
    expect(parseSysctl(apple)).toEqual({ cores: 10, features: ['asimd', 'bf16', 'i8mm'] });
    const intel =
      'hw.physicalcpu: 4\nmachdep.cpu.features: FPU SSE4.2 FMA AVX1.0 F16C\nmachdep.cpu.leaf7_features: AVX2 BMI2\n';
    expect(parseSysctl(intel)).toEqual({ cores: 4, features: ['avx', 'avx2', 'fma', 'f16c'] });
  });

  test('this one has a name and threads', async () => {
    const cpu = await readCpu();
    expect(cpu.model).not.toBe('');
    expect(cpu.threads).toBeGreaterThan(0);
  });
});

describe('graphics processors', () => {
  test('nvidia-smi: memory in MiB, none and [N/A]', () => {
    const text = 'NVIDIA GeForce RTX 4090, 24564, 23028, 555.42.02\nNVIDIA GH200 480GB, [N/A], [N/A], 560.1\n';
    expect(parseNvidiaSmi(text)).toEqual([
      {
        name: 'NVIDIA GeForce RTX 4090',
        vendor: 'nvidia',
        totalBytes: 24564 * 2 ** 20,
        freeBytes: 23028 * 2 ** 20,
        driver: '555.42.02',
        source: 'nvidia-smi',
      },
      { name: 'NVIDIA GH200 480GB', vendor: 'nvidia', driver: '560.1', source: 'nvidia-smi' },
    ]);
    expect(parseNvidiaSmi('No devices were found\n')).toEqual([]);
    expect(parseNvidiaSmi('')).toEqual([]);
  });

  test('rocm-smi', () => {
    const text = JSON.stringify({
      card0: {
        'Card Series': 'AMD Radeon RX 7900 XTX',
        'VRAM Total Memory (B)': '25753026560',
        'VRAM Total Used Memory (B)': '1753026560',
      },
      system: { 'Driver version': '6.7.0' },
    });
    expect(parseRocmSmi(text)).toEqual([
      {
        name: 'AMD Radeon RX 7900 XTX',
        vendor: 'amd',
        totalBytes: 25753026560,
        freeBytes: 24000000000,
        driver: '6.7.0',
        source: 'rocm-smi',
      },
    ]);
    expect(parseRocmSmi('WARNING: AMD GPU device(s) is/are in a low-power state')).toEqual([]);
  });

  test('system_profiler: Apple silicon shares memory, older cards have their own', () => {
    const text = JSON.stringify({
      SPDisplaysDataType: [
        { _name: 'Apple M3 Pro', sppci_model: 'Apple M3 Pro', sppci_cores: '18' },
        { _name: 'AMD Radeon Pro 560X', spdisplays_vram: '4 GB' },
      ],
    });
    expect(parseSystemProfiler(text)).toEqual([
      { name: 'Apple M3 Pro', vendor: 'apple', source: 'system_profiler' },
      { name: 'AMD Radeon Pro 560X', vendor: 'amd', totalBytes: 4 * 2 ** 30, source: 'system_profiler' },
    ]);
    expect(parseSystemProfiler('{}')).toEqual([]);
  });

  test('Windows lists one object or several, and its software renderer is no GPU', () => {
    const one = '{"Name":"Intel(R) Arc(TM) A770 Graphics","DriverVersion":"31.0.101.5333"}';
    expect(parseVideoControllers(one)).toEqual([
      {
        name: 'Intel(R) Arc(TM) A770 Graphics',
        vendor: 'intel',
        driver: '31.0.101.5333',
        source: 'Win32_VideoController',
      },
    ]);
    const several = '[{"Name":"Microsoft Basic Display Adapter"},{"Name":"NVIDIA RTX A4000","DriverVersion":"1"}]';
    expect(parseVideoControllers(several).map((gpu) => gpu.name)).toEqual(['NVIDIA RTX A4000']);
    expect(parseVideoControllers('')).toEqual([]);
  });

  test('a device that two tools name is listed once, two equal cards twice', () => {
    const card = { name: 'A', vendor: 'nvidia', source: 'nvidia-smi' } as const;
    const other = { name: 'B', vendor: 'intel', source: 'Win32_VideoController' } as const;
    expect(
      mergeGpus([
        [card, card],
        [{ ...card, source: 'Win32_VideoController' }, other],
      ]),
    ).toEqual([card, card, other]);
  });
});

describe('GPUs of a run', () => {
  const gpus = [24, 80, 40].map((free) => ({
    ...({ name: 'NVIDIA A100', vendor: 'nvidia', source: 'nvidia-smi', freeBytes: free * 2 ** 30 } as const),
  }));
  const free = (processes: number, environment: NodeJS.ProcessEnv): number[] =>
    gpusOfRun(gpus, processes, environment).map(({ freeBytes }) => (freeBytes ?? 0) / 2 ** 30);

  test('one for each process, of those that the environment shows', () => {
    expect(free(2, {})).toEqual([24, 80]);
    expect(free(1, { CUDA_VISIBLE_DEVICES: '1' })).toEqual([80]);
    expect(free(8, { HIP_VISIBLE_DEVICES: '2, 1' })).toEqual([40, 80]);
  });

  test('all where they are named by something else than numbers', () => {
    expect(free(1, { CUDA_VISIBLE_DEVICES: 'GPU-8932f937-d72c-4106-c12f-20bd9faed9f6' })).toEqual([24, 80, 40]);
  });
});
