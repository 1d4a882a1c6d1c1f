// How much memory this machine has and how much of it a new process could use, containers' limits included.
import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { askTool } from './tool.ts';

/** All in bytes. */
export interface MemoryReport {
  readonly totalBytes: number;
  /** What can be used without swapping: free memory and caches that give way, within the container's limit. */
  readonly availableBytes: number;
  /** The container's limit (cgroup), when there is one below the machine's memory. */
  readonly limitBytes?: number;
}

/** Looks at the machine now. Falls back to what Node knows where the system's own files or tools are missing. */
export async function readMemory(platform: NodeJS.Platform = process.platform): Promise<MemoryReport> {
  if (platform === 'linux') return readLinuxMemory();
  if (platform === 'darwin') {
    const answer = await askTool('vm_stat', [], { timeout: 2000 });
    const available = answer.ok ? parseVmStat(answer.stdout) : undefined;
    return { totalBytes: totalmem(), availableBytes: available ?? freemem() };
  }
  return { totalBytes: totalmem(), availableBytes: freemem() };
}

async function readLinuxMemory(): Promise<MemoryReport> {
  const meminfo = parseMeminfo((await readText('/proc/meminfo')) ?? '');
  const total = meminfo?.totalBytes ?? totalmem();
  const available = meminfo?.availableBytes ?? freemem();
  const group = await readControlGroup();
  return group ? withinLimit(total, available, group) : { totalBytes: total, availableBytes: available };
}

/** Memory under a container's limit: the smaller of what the machine has and what the limit leaves. */
export function withinLimit(total: number, available: number, group: ControlGroup): MemoryReport {
  if (group.limitBytes >= total) return { totalBytes: total, availableBytes: available };
  const left = Math.max(0, group.limitBytes - group.usedBytes);
  return { totalBytes: total, availableBytes: Math.min(available, left), limitBytes: group.limitBytes };
}

/** `/proc/meminfo` → bytes. */
export function parseMeminfo(text: string): { totalBytes: number; availableBytes: number } | undefined {
  const kibibytes = (name: string) => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
    return match ? Number(match[1]) * 1024 : undefined;
  };
  const totalBytes = kibibytes('MemTotal');
  const availableBytes = kibibytes('MemAvailable') ?? kibibytes('MemFree');
  return totalBytes === undefined || availableBytes === undefined ? undefined : { totalBytes, availableBytes };
}

/** macOS `vm_stat` → bytes that can be had at once: free, inactive, speculative and purgeable pages. */
export function parseVmStat(text: string): number | undefined {
  const pageSize = /page size of (\d+) bytes/.exec(text)?.[1];
  if (pageSize === undefined) return undefined;
  const pages = ['Pages free', 'Pages inactive', 'Pages speculative', 'Pages purgeable'].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)\\.`, 'm').exec(text)?.[1] ?? 0),
  );
  return pages.reduce((sum, count) => sum + count, 0) * Number(pageSize);
}

export interface ControlGroup {
  readonly limitBytes: number;
  /** Used memory that does not give way: without the page cache that the kernel can drop. */
  readonly usedBytes: number;
}

/** The group's path in `/proc/self/cgroup`: version 2 (`0::/path`) or the memory controller of version 1. */
export function parseCgroupPath(text: string): { version: 1 | 2; path: string } | undefined {
  let unified: string | undefined;
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (!match) continue;
    const [, controllers = '', path = ''] = match;
    if (controllers.split(',').includes('memory')) return { version: 1, path };
    if (controllers === '') unified = path;
  }
  return unified === undefined ? undefined : { version: 2, path: unified };
}

/** `memory.max` or `memory.limit_in_bytes` → bytes; undefined for `max` and for version 1's "no limit" number. */
export function parseCgroupLimit(text: string): number | undefined {
  const limit = Number(text.trim());
  return Number.isFinite(limit) && limit > 0 && limit < 2 ** 60 ? limit : undefined;
}

/** Droppable page cache in `memory.stat`, in bytes. */
export function parseCgroupCache(text: string): number {
  const match = /^(?:total_)?inactive_file (\d+)$/m.exec(text);
  return match ? Number(match[1]) : 0;
}

async function readControlGroup(): Promise<ControlGroup | undefined> {
  const own = parseCgroupPath((await readText('/proc/self/cgroup')) ?? '');
  if (!own) return undefined;
  const root = own.version === 2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
  const [limitFile, usedFile] =
    own.version === 2 ? ['memory.max', 'memory.current'] : ['memory.limit_in_bytes', 'memory.usage_in_bytes'];
  // A limit may be set on any parent, and inside a container the own group is often mounted as the root.
  let tightest: ControlGroup | undefined;
  for (const folder of parentsOf(own.path)) {
    const limitBytes = parseCgroupLimit((await readText(`${root}${folder}/${limitFile}`)) ?? '');
    if (limitBytes === undefined || (tightest && tightest.limitBytes <= limitBytes)) continue;
    const used = Number((await readText(`${root}${folder}/${usedFile}`)) ?? 0);
    const cache = parseCgroupCache((await readText(`${root}${folder}/memory.stat`)) ?? '');
    tightest = { limitBytes, usedBytes: Math.max(0, used - cache) };
  }
  return tightest;
}

/** `/a/b` → `/a/b`, `/a`, and the root as an empty string. */
export function parentsOf(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return [...parts.map((_, i) => `/${parts.slice(0, parts.length - i).join('/')}`), ''];
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
