// The processor: its name, how many threads may be used, and the vector instructions that decide the speed.
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { askTool } from './tool.ts';

export interface CpuReport {
  readonly model: string;
  readonly architecture: string;
  /** Threads that this process may use (affinity respected). */
  readonly threads: number;
  /** Physical cores, where the system tells. */
  readonly cores?: number;
  /** Vector and matrix instructions that matter here, such as `avx2` or `bf16`; undefined where the system does not tell. */
  readonly features?: readonly string[];
}

/** What the numeric kernels look for, by the names that Linux gives. */
const wanted = [
  ...['avx', 'avx2', 'fma', 'f16c', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'avx512_fp16', 'avx_vnni'],
  ...['amx_tile', 'amx_bf16', 'amx_int8', 'asimd', 'asimdhp', 'asimddp', 'bf16', 'i8mm', 'sve', 'sve2', 'sme'],
];

/** Looks at the processor of this machine. */
export async function readCpu(platform: NodeJS.Platform = process.platform): Promise<CpuReport> {
  const base = {
    model: cpus()[0]?.model.trim() ?? 'unknown processor',
    architecture: process.arch,
    threads: availableParallelism(),
  };
  if (platform === 'linux') {
    const info = parseCpuinfo(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
    return { ...base, ...info };
  }
  if (platform === 'darwin') {
    const answer = await askTool('sysctl', ['hw.physicalcpu', 'hw.optional', 'machdep.cpu'], { timeout: 2000 });
    // sysctl exits with 1 when one of the names is unknown on this architecture, and prints the rest.
    return { ...base, ...parseSysctl(answer.stdout) };
  }
  return base;
}

/** `/proc/cpuinfo` of x86 (`flags`) or ARM (`Features`). */
export function parseCpuinfo(text: string): { cores?: number; features?: string[] } {
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(/\s+/);
  const cores = new Set<string>();
  for (const block of text.split(/\n\s*\n/)) {
    const socket = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1];
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
    if (socket !== undefined && core !== undefined) cores.add(`${socket}/${core}`);
  }
  return {
    ...(cores.size > 0 ? { cores: cores.size } : {}),
    ...(flags ? { features: wanted.filter((name) => flags.includes(name)) } : {}),
  };
}

/** macOS `sysctl hw.physicalcpu hw.optional machdep.cpu`. */
export function parseSysctl(text: string): { cores?: number; features?: string[] } {
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf(':');
      return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
    }),
  );
  const listed = `${values.get('machdep.cpu.features') ?? ''} ${values.get('machdep.cpu.leaf7_features') ?? ''}`;
  const names = new Set(listed.toLowerCase().replaceAll('avx1.0', 'avx').split(/\s+/));
  const optional: Record<string, string> = {
    'hw.optional.AdvSIMD': 'asimd',
    'hw.optional.arm.FEAT_DotProd': 'asimddp',
    'hw.optional.arm.FEAT_BF16': 'bf16',
    'hw.optional.arm.FEAT_I8MM': 'i8mm',
    'hw.optional.arm.FEAT_SME': 'sme',
  };
  for (const [key, name] of Object.entries(optional)) if (values.get(key) === '1') names.add(name);
  const features = wanted.filter((name) => names.has(name));
  const cores = Number(values.get('hw.physicalcpu'));
  return { ...(cores > 0 ? { cores } : {}), ...(features.length > 0 ? { features } : {}) };
}
