// The count of processes that were ended for want of memory, from captured files of the kernel.
import { expect, test } from 'vitest';
import { countMemoryKills } from '../../../src/platform/memoryKills.ts';

const count = (files: Readonly<Record<string, string>>) => countMemoryKills((file) => files[file]);
const events = 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n';
const vmstat = 'pgfault 91\noom_kill 7\n';

test('of the own control group, or the nearest one around it that tells', () => {
  const own = { '/proc/self/cgroup': '0::/a/b\n', '/proc/vmstat': vmstat };
  expect(count({ ...own, '/sys/fs/cgroup/a/b/memory.events': events })).toBe(2);
  expect(count({ ...own, '/sys/fs/cgroup/a/memory.events': events })).toBe(2);
  expect(count({ ...own, '/sys/fs/cgroup/memory.events': events })).toBe(2);
});

test('of version 1', () => {
  const own = { '/proc/self/cgroup': '4:memory:/a\n0::/x\n' };
  const control = 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n';
  expect(count({ ...own, '/sys/fs/cgroup/memory/a/memory.oom_control': control })).toBe(5);
});

test('of the whole machine where no group tells, and nothing where nobody does', () => {
  expect(count({ '/proc/vmstat': vmstat })).toBe(7);
  expect(count({})).toBeUndefined();
});
