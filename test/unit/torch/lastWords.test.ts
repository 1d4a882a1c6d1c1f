// What a worker said last, as people read it: no calls of a trace, and memory that ran out told from other ends.
import { describe, expect, test } from 'vitest';
import { keepEnd, lastLines, ranOutOfMemory } from '../../../src/torch/session/lastWords.ts';

const trace = `Loading
Traceback (most recent call last):
  File "/opt/worker/weights.py", line 39, in map_weights
    maps[entry.file] = mmap.mmap(file.fileno(), 0)
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
OSError: [Errno 12] Cannot allocate memory

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/opt/worker/serve.py", line 3, in create
    raise ValueError("no weights")
ValueError: no weights
`;

describe('the last lines of an output', () => {
  test('have of a trace only the errors that it ends with', () => {
    expect(lastLines(trace)).toEqual([
      'Loading',
      'OSError: [Errno 12] Cannot allocate memory',
      'ValueError: no weights',
    ]);
  });

  test('have nothing of what Python warns of, nor what is told already', () => {
    const output =
      '/opt/a.py:3: FutureWarning: old\n  call(old)\nworker.RewardError: it gave nothing\nsaid by the function\n';
    expect(lastLines(output, 'it gave nothing')).toEqual(['said by the function']);
  });

  test('are kept as they are where there is no trace, six at the most', () => {
    const lines = ['one', '', '  two, further in', 'three', 'four', 'five', 'six', 'seven'];
    expect(lastLines(`${lines.join('\n')}\n`)).toEqual(['  two, further in', 'three', 'four', 'five', 'six', 'seven']);
    expect(lastLines('')).toEqual([]);
  });
});

test('of a long output whole lines are kept', () => {
  expect(keepEnd('short')).toBe('short');
  const long = keepEnd(`${'    ^^^^^^^^\n'.repeat(1000)}ValueError: no weights`);
  expect(long.length).toBeLessThanOrEqual(4000);
  expect(lastLines(`  File "/a.py", line 1, in b\n${long}`)).toEqual(['ValueError: no weights']);
  expect(long.startsWith('    ^')).toBe(true);
});

test.each([
  ["terminate called after throwing an instance of 'std::bad_alloc'", true],
  ['MemoryError', true],
  ['OSError: [Errno 12] Cannot allocate memory', true],
  ['ImportError: libtorch_cpu.so: failed to map segment from shared object', true],
  // A folder from which no programs may be run.
  ['ImportError: libtorch_cpu.so: failed to map segment from shared object: Operation not permitted', false],
  ['RuntimeError: shapes do not fit', false],
])('"%s" says that memory ran out: %s', (line, expected) => {
  expect(ranOutOfMemory(['before', line])).toBe(expected);
});
