// Runs as the library knows them, for tests of what shows them.
import type { RunLabel } from '../../src/runs/label.ts';
import type { BrokenRun, ReadableRun } from '../../src/runs/runRecord.ts';
import type { RunStatus } from '../../src/runs/store.ts';
import { numbered, step } from './runEvents.ts';

export interface RecordFacts {
  readonly id?: string;
  readonly status?: RunStatus;
  readonly created?: string;
  readonly config?: string;
  readonly label?: RunLabel;
  readonly loss?: number;
  readonly folder?: string;
}

export function runRecord(facts: RecordFacts = {}): ReadableRun {
  const id = facts.id ?? 'run';
  const status = facts.status ?? 'completed';
  const created = facts.created ?? '2026-01-02T00:00:00Z';
  const [event] = facts.loss === undefined ? [] : numbered([step(1, facts.loss)]);
  return {
    kind: 'run',
    id,
    folder: facts.folder ?? `/w/.finetune/runs/${id}`,
    status,
    label: facts.label ?? {},
    manifest: {
      version: 1,
      id,
      name: id,
      created,
      launched: created,
      state: status === 'interrupted' ? 'running' : status,
      config_file: facts.config ?? '/w/a.finetune.yaml',
      base_directory: '/w',
      overrides: [],
      versions: {},
      machine: { platform: 'linux', release: '6', arch: 'x64', cpu: 'a cpu', cores: 2, memory_bytes: 1e9 },
    },
    ...(event?.type === 'step' ? { tail: { size: 1, step: event } } : {}),
  };
}

export function brokenRun(id = 'broken'): BrokenRun {
  return {
    kind: 'broken',
    id,
    folder: `/w/.finetune/runs/${id}`,
    label: {},
    problem: { code: 'runs/broken-manifest', severity: 'error', message: 'The manifest is not valid JSON.' },
  };
}
