// A run manifest for tests.

import type { RunManifest } from '../../src/runs/manifest.ts';

export function sampleManifest(changes: Partial<RunManifest> = {}): RunManifest {
  return {
    version: 1,
    id: 'sample-20260101-000000-abcd',
    name: 'sample',
    created: '2026-01-01T00:00:00.000Z',
    launched: '2026-01-01T00:00:00.000Z',
    state: 'starting',
    config_file: '/work/sample.finetune.yaml',
    base_directory: '/work',
    overrides: [],
    versions: { node: 'v20.19.0' },
    machine: { platform: 'linux', release: '6', arch: 'x64', cpu: 'cpu', cores: 2, memory_bytes: 1e9 },
    ...changes,
  };
}
