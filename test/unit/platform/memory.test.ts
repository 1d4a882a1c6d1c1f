// Memory reports against captured files and tool outputs.
import { freemem, totalmem } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  parentsOf,
  parseCgroupCache,
  parseCgroupLimit,
  parseCgroupPath,
  parseMeminfo,
  parseVmStat,
  readMemory,
  withinLimit,
} from '../../../src/platform/memory.ts';

const meminfo = `MemTotal:       24684092 kB
MemFree:        20173052 kB
MemAvailable:   22227624 kB
Buffers:            3284 kB
`;

const vmStat = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               33284.
Pages active:                            480543.
Pages inactive:                          473219.
Pages speculative:                         6270.
Pages throttled:                              0.
Pages wired down:                        178352.
Pages purgeable:                          11012.
"Translation faults":                 734623847.
`;

test('Linux counts memory that gives way as available', () => {
  expect(parseMeminfo(meminfo)).toEqual({ totalBytes: 24684092 * 1024, availableBytes: 22227624 * 1024 });
  expect(parseMeminfo(meminfo.replace(/MemAvailable.*\n/, ''))?.availableBytes).toBe(20173052 * 1024);
  expect(parseMeminfo('nothing')).toBeUndefined();
});

test('macOS counts free, inactive, speculative and purgeable pages', () => {
  expect(parseVmStat(vmStat)).toBe((33284 + 473219 + 6270 + 11012) * 16384);
  expect(parseVmStat('vm_stat: error')).toBeUndefined();
});

describe('containers', () => {
  test('version 2 and version 1 paths', () => {
    expect(parseCgroupPath('0::/system.slice/docker-ab.scope\n')).toEqual({
      version: 2,
      path: '/system.slice/docker-ab.scope',
    });
    const versionOne = '12:pids:/docker/ab\n9:memory:/docker/ab\n1:name=systemd:/docker/ab\n0::/system.slice\n';
    expect(parseCgroupPath(versionOne)).toEqual({ version: 1, path: '/docker/ab' });
    expect(parseCgroupPath('')).toBeUndefined();
  });

  test('a limit of "max" or of version 1\'s huge number is none', () => {
    expect(parseCgroupLimit('max\n')).toBeUndefined();
    expect(parseCgroupLimit('9223372036854771712\n')).toBeUndefined();
    expect(parseCgroupLimit('2147483648\n')).toBe(2147483648);
    expect(parseCgroupLimit('')).toBeUndefined();
  });

  test('parents are looked at up to the root', () => {
    expect(parentsOf('/a/b')).toEqual(['/a/b', '/a', '']);
    expect(parentsOf('/')).toEqual(['']);
  });

  test('page cache gives way, so it is not counted as used', () => {
    expect(parseCgroupCache('anon 1\ninactive_file 4096\nactive_file 2\n')).toBe(4096);
    expect(parseCgroupCache('inactive_file 1\ntotal_inactive_file 8192\n')).toBe(1);
    expect(parseCgroupCache('')).toBe(0);
  });

  test('what is available is the smaller of machine and limit', () => {
    expect(withinLimit(100, 50, { limitBytes: 40, usedBytes: 10 })).toEqual({
      totalBytes: 100,
      availableBytes: 30,
      limitBytes: 40,
    });
    expect(withinLimit(100, 5, { limitBytes: 40, usedBytes: 10 }).availableBytes).toBe(5);
    expect(withinLimit(100, 50, { limitBytes: 40, usedBytes: 60 }).availableBytes).toBe(0);
    expect(withinLimit(100, 50, { limitBytes: 200, usedBytes: 0 })).toEqual({ totalBytes: 100, availableBytes: 50 });
  });
});

test('this machine has memory, and where no tool tells it Node does', async () => {
  const here = await readMemory();
  expect(here.totalBytes).toBeGreaterThan(2 ** 28);
  expect(here.availableBytes).toBeGreaterThan(0);
  expect(here.availableBytes).toBeLessThanOrEqual(here.totalBytes);
  const windows = await readMemory('win32');
  expect(windows.totalBytes).toBe(totalmem());
  expect(Math.abs(windows.availableBytes - freemem())).toBeLessThan(2 ** 30);
});
