// Reading what a probing child process leaves behind, and the TensorFlow shim.
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { probedExecutors, probeProgram, restoreRemovedUtil } from '../../../src/engine/probes.ts';
import { lastResult, reasonFromError } from '../../../src/platform/probe.ts';

describe('what a probe told', () => {
  test('the last result line counts, whatever libraries print around it', () => {
    const stdout = '{not json\n{"usable":true,"reason":"first"}\n{"usable":false,"reason":"no\\n device"}\nbye\n';
    expect(lastResult(stdout)).toEqual({ usable: false, reason: 'no device' });
    expect(lastResult('{"other":1}\n')).toBeUndefined();
    expect(lastResult('')).toBeUndefined();
  });

  test('an uncaught error becomes its sentence', () => {
    const missing = `node:internal/errors:540\n      throw error;\n      ^\n\nError [ERR_MODULE_NOT_FOUND]: Cannot find package 'x-y' imported from /a/b\n    at f`;
    expect(reasonFromError(missing)).toBe('x-y is not installed');
    expect(reasonFromError('file:///x:1\nthrow\n\nTypeError: u is not a function\n    at x')).toBe(
      'u is not a function',
    );
    expect(reasonFromError('Segmentation fault')).toBeUndefined();
  });
});

describe('probe programs', () => {
  test('the shim puts back what Node 23 took away and leaves what is there', () => {
    const empty: { isNullOrUndefined?: unknown } = {};
    restoreRemovedUtil(empty);
    const { isNullOrUndefined } = empty as { isNullOrUndefined: (value: unknown) => boolean };
    expect([null, undefined, 0, ''].map(isNullOrUndefined)).toEqual([true, true, false, false]);
    const own = () => true;
    const present = { isNullOrUndefined: own };
    restoreRemovedUtil(present);
    expect(present.isNullOrUndefined).toBe(own);
  });

  test('the shim stands on its own inside the program text', () => {
    const source = restoreRemovedUtil.toString();
    const util: { isNullOrUndefined?: (value: unknown) => boolean } = {};
    runInNewContext(`(${source})(util)`, { util });
    expect(util.isNullOrUndefined?.(null)).toBe(true);
    expect(probeProgram('tensorflow')).toContain(source);
  });

  test('every executor has a program that tells', () => {
    for (const executor of probedExecutors) expect(probeProgram(executor)).toContain('tell(');
    expect(probeProgram('directml')).toContain("'dml'");
  });
});
