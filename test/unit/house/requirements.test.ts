// The requirement helpers: a missing thing is told with the variable that would name it.
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function freshRequirements() {
  vi.resetModules();
  return import('../../support/requirements.ts');
}

test('an unset variable is told', async () => {
  vi.stubEnv('FINETUNE_PYTHON', '');
  const { requirement } = await freshRequirements();
  expect(requirement('python')).toEqual({
    missing: 'FINETUNE_PYTHON does not name a Python with torch, transformers and peft',
  });
});

test('a folder that is not there is told, and asking for its path throws', async () => {
  vi.stubEnv('FINETUNE_SMOLLM2', join(tmpdir(), 'no-such-folder'));
  const { requirement, requiredPath } = await freshRequirements();
  expect(requirement('smollm2').missing).toContain('no-such-folder is not the folder of SmolLM2');
  expect(() => requiredPath('smollm2')).toThrow('is not the folder');
});

test('an interpreter without the libraries is told', async () => {
  vi.stubEnv('FINETUNE_PYTHON', process.execPath); // Node does not know -c as Python does
  const { requirement } = await freshRequirements();
  expect(requirement('python').missing).toBeDefined();
});
