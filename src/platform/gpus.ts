// The graphics processors that the system knows, asked without Python: vendor tools, each with a time limit.
import { askTool } from './tool.ts';
import { isObject } from '../protocol/guards.ts';

export interface GpuReport {
  readonly name: string;
  readonly vendor: 'nvidia' | 'amd' | 'apple' | 'intel' | 'other';
  /** Bytes of its own memory; absent where it shares the machine's or the tool does not tell. */
  readonly totalBytes?: number;
  readonly freeBytes?: number;
  readonly driver?: string;
  /** The tool that told. */
  readonly source: string;
}

export interface GpuSearch {
  readonly gpus: readonly GpuReport[];
  /** One line for each tool that gave no answer. */
  readonly notes: readonly string[];
}

interface Asker {
  readonly tool: string;
  readonly args: readonly string[];
  readonly parse: (text: string) => GpuReport[];
}

const nvidia: Asker = {
  tool: 'nvidia-smi',
  args: ['--query-gpu=name,memory.total,memory.free,driver_version', '--format=csv,noheader,nounits'],
  parse: parseNvidiaSmi,
};
const rocm: Asker = {
  tool: 'rocm-smi',
  args: ['--showproductname', '--showmeminfo', 'vram', '--showdriverversion', '--json'],
  parse: parseRocmSmi,
};
const profiler: Asker = {
  tool: 'system_profiler',
  args: ['SPDisplaysDataType', '-json'],
  parse: parseSystemProfiler,
};
const windowsControllers: Asker = {
  tool: 'powershell.exe',
  args: [
    ...['-NoProfile', '-NonInteractive', '-Command'],
    'Get-CimInstance Win32_VideoController | Select-Object Name,DriverVersion | ConvertTo-Json -Compress',
  ],
  parse: parseVideoControllers,
};

/** Asks every tool that this platform may have, at once. */
export async function findGpus(platform: NodeJS.Platform = process.platform, timeout = 5000): Promise<GpuSearch> {
  const askers =
    platform === 'darwin' ? [profiler] : platform === 'win32' ? [nvidia, windowsControllers] : [nvidia, rocm];
  const answers = await Promise.all(
    askers.map(async ({ tool, args, parse }) => {
      const answer = await askTool(tool, args, { timeout });
      if (answer.ok) return { gpus: parse(answer.stdout), notes: [] };
      const said = [...answer.stdout.split('\n'), ...answer.stderr.split('\n')].find((line) => line.trim() !== '');
      return { gpus: [], notes: [said === undefined ? answer.reason : `${answer.reason}: ${said.trim()}`] };
    }),
  );
  return { gpus: mergeGpus(answers.map((answer) => answer.gpus)), notes: answers.flatMap((answer) => answer.notes) };
}

/** The first tool that names a device wins: vendor tools know memory, the system's list only names. */
export function mergeGpus(lists: readonly (readonly GpuReport[])[]): GpuReport[] {
  const merged: GpuReport[] = [];
  for (const list of lists) {
    const known = new Set(merged.map((gpu) => gpu.name));
    merged.push(...list.filter((gpu) => !known.has(gpu.name)));
  }
  return merged;
}

/** What NVIDIA and AMD read to know which of the machine's GPUs a program may see, by their numbers. */
const visible = ['CUDA_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES'] as const;

/**
 * The GPUs that a run takes: one for each of its processes on this machine, as the environment shows them. All whose memory
 * is known where it names them by anything but numbers.
 */
export function gpusOfRun(
  gpus: readonly GpuReport[],
  processes: number,
  environment: NodeJS.ProcessEnv = process.env,
): GpuReport[] {
  const known = gpus.filter((gpu) => gpu.freeBytes !== undefined);
  const said = visible.map((name) => environment[name]?.trim()).find((value) => value !== undefined && value !== '');
  const shown = said === undefined ? known : said.split(',').flatMap((number) => known[Number(number)] ?? []);
  return shown.length === 0 ? known : shown.slice(0, processes);
}

/** Lines such as `NVIDIA GeForce RTX 4090, 24564, 23028, 555.42.02` (MiB). */
export function parseNvidiaSmi(text: string): GpuReport[] {
  return text.split('\n').flatMap((line) => {
    const [name, total, free, driver] = line.split(',').map((part) => part.trim());
    if (!name || total === undefined) return []; // also "No devices were found"
    const totalBytes = fromMebibytes(total);
    const freeBytes = fromMebibytes(free);
    return [
      {
        name,
        vendor: 'nvidia' as const,
        ...(totalBytes === undefined ? {} : { totalBytes }),
        ...(freeBytes === undefined ? {} : { freeBytes }),
        ...(driver ? { driver } : {}),
        source: 'nvidia-smi',
      },
    ];
  });
}

/** The JSON of rocm-smi: `{"card0": {"Card Series": …, "VRAM Total Memory (B)": …}, "system": {…}}`. */
export function parseRocmSmi(text: string): GpuReport[] {
  const document = parseJson(text);
  if (!isObject(document)) return [];
  const system = document['system'];
  const driver = isObject(system) ? textOf(system['Driver version']) : undefined;
  return Object.entries(document).flatMap(([key, card]) => {
    if (!key.startsWith('card') || !isObject(card)) return [];
    const total = Number(textOf(card['VRAM Total Memory (B)']));
    const used = Number(textOf(card['VRAM Total Used Memory (B)']));
    return [
      {
        name: textOf(card['Card Series']) ?? textOf(card['Card series']) ?? textOf(card['Card model']) ?? `AMD ${key}`,
        vendor: 'amd' as const,
        ...(total > 0 ? { totalBytes: total } : {}),
        ...(total > 0 && used >= 0 ? { freeBytes: total - used } : {}),
        ...(driver ? { driver } : {}),
        source: 'rocm-smi',
      },
    ];
  });
}

/** The JSON of macOS `system_profiler SPDisplaysDataType -json`. */
export function parseSystemProfiler(text: string): GpuReport[] {
  const document = parseJson(text);
  const displays = isObject(document) ? document['SPDisplaysDataType'] : undefined;
  if (!Array.isArray(displays)) return [];
  return displays.filter(isObject).map((display) => {
    const name = textOf(display['sppci_model']) ?? textOf(display['_name']) ?? 'GPU';
    const memory = /^(\d+) (GB|MB)$/.exec(textOf(display['spdisplays_vram']) ?? '');
    return {
      name,
      vendor: vendorOf(name),
      ...(memory ? { totalBytes: Number(memory[1]) * (memory[2] === 'GB' ? 2 ** 30 : 2 ** 20) } : {}),
      source: 'system_profiler',
    };
  });
}

/** PowerShell's JSON of Win32_VideoController: one object, or an array of several. */
export function parseVideoControllers(text: string): GpuReport[] {
  const document = parseJson(text);
  const list: readonly unknown[] = Array.isArray(document) ? document : [document];
  return list.filter(isObject).flatMap((controller) => {
    const name = textOf(controller['Name']);
    if (!name || /basic (display|render)|remote display/i.test(name)) return [];
    const driver = textOf(controller['DriverVersion']);
    return [{ name, vendor: vendorOf(name), ...(driver ? { driver } : {}), source: 'Win32_VideoController' }];
  });
}

function vendorOf(name: string): GpuReport['vendor'] {
  if (/nvidia|geforce|quadro|tesla/i.test(name)) return 'nvidia';
  if (/amd|radeon/i.test(name)) return 'amd';
  if (/apple/i.test(name)) return 'apple';
  return /intel/i.test(name) ? 'intel' : 'other';
}

/** Shared-memory devices answer `[N/A]`. */
function fromMebibytes(text: string | undefined): number | undefined {
  const value = Number(text);
  return text && Number.isFinite(value) ? value * 2 ** 20 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
