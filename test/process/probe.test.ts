// Probing in real child processes: what works, what throws, what crashes, what hangs.
import { expect, test } from 'vitest';
import { probeProgram } from '../../src/engine/probes.ts';
import { findGpus } from '../../src/platform/gpus.ts';
import { probe } from '../../src/platform/probe.ts';
import { askTool } from '../../src/platform/tool.ts';

test('a program that tells is believed', async () => {
  const program = `console.log(JSON.stringify({ usable: true, reason: 'fine' }))`;
  expect(await probe(program)).toEqual({ usable: true, reason: 'fine' });
});

test('exceptions, crashes, silence and hanging are one line each', async () => {
  expect(await probe(`throw new Error('no\\ndevice')`)).toEqual({ usable: false, reason: 'no' });
  expect(await probe(`import 'no-such-package'`)).toEqual({
    usable: false,
    reason: 'no-such-package is not installed',
  });
  expect((await probe('process.abort()')).reason).not.toContain('\n');
  expect(await probe('1')).toEqual({ usable: false, reason: 'the check ended without an answer' });
  expect((await probe('setInterval(() => {}, 1000)', 1000)).reason).toBe('the check did not end within 1 s');
});

test('the real probes answer on any machine', async () => {
  for (const executor of ['webgpu', 'tensorflow', 'coreml'] as const) {
    const { reason } = await probe(probeProgram(executor));
    expect(reason).not.toBe('');
    expect(reason).not.toContain('\n');
  }
});

test('tools that list graphics processors tell a device or a note, never an error', async () => {
  const search = await findGpus();
  expect(search.gpus.length + search.notes.length).toBeGreaterThan(0);
});

test('a missing tool is an answer', async () => {
  const answer = await askTool('no-such-tool', [], { timeout: 1000 });
  expect(answer).toMatchObject({ ok: false, reason: 'no-such-tool is not installed' });
});
