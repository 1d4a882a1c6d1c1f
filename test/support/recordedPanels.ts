// What a host sends for a recorded run, made by the host's own code from a log on disk.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRunFeed, type RunFeed } from '../../src/extension/panels/runFeed.ts';
import { encodeJsonLine } from '../../src/protocol/jsonLines.ts';
import type { ComparedRun } from '../../src/protocol/panelViews.ts';
import type { PreviewMethod } from '../../src/protocol/previewMessages.ts';
import type { CompareSnapshot, DashboardSnapshot, PanelMethod } from '../../src/protocol/webviewMessages.ts';
import type { RunStatus } from '../../src/runs/store.ts';
import type { Answerer } from './panelHost.ts';
import { hostileText, recordedConfig, recordedEvents, type RecordedRun } from './recordedRuns.ts';
import { runRecord } from './runRecords.ts';

export interface RecordedFeed {
  readonly feed: RunFeed;
  remove(): Promise<void>;
}

/** Writes the run's log and reads it as the editor does. */
export async function recordedFeed(run: RecordedRun, status: RunStatus): Promise<RecordedFeed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'recorded-'));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'events.jsonl'), recordedEvents(run).map(encodeJsonLine).join(''));
  const base = runRecord({ id: run.name, status, folder });
  const record = {
    ...base,
    label: run.hostile === true ? { name: hostileText } : {},
    manifest: {
      ...base.manifest,
      machine: { ...base.manifest.machine, memory_bytes: 23.4e9, cores: 8, cpu: 'AMD Ryzen 7' },
    },
  };
  const problems: string[] = [];
  const feed = createRunFeed(folder, {
    run: () => record,
    configFile: () => 'support.finetune.yaml',
    previous: () => ({ title: 'support-tickets · 6', config: recordedConfig({ ...run, learningRate: 8e-4 }) }),
    trusted: () => true,
    t: (text, ...parts) => text.replace(/\{(\d+)\}/g, (_, index: string) => String(parts[Number(index)])),
    onProblem: (sentence) => problems.push(sentence),
  });
  await feed.read();
  return { feed, remove: () => rm(folder, { recursive: true, force: true }) };
}

export function dashboardSnapshot(feed: RunFeed, revision = 1): DashboardSnapshot {
  return { type: 'snapshot', panel: 'dashboard', revision, strings: {}, locale: 'en', ...feed.snapshot() };
}

export function compareSnapshot(feeds: readonly RunFeed[], revision = 1): CompareSnapshot {
  const runs = feeds.map((feed): ComparedRun => {
    const { sections, page } = feed.snapshot();
    const { head, setup, now, evaluations, samples, result } = sections;
    return { head, setup, now, evaluations, samples, result, page };
  });
  return { type: 'snapshot', panel: 'compare', revision, strings: {}, locale: 'en', runs };
}

/** Answers as the host does where that needs no editor; `asked` remembers everything. */
export function feedAnswerer(
  feed: RunFeed,
  asked: { method: PanelMethod | PreviewMethod; params: unknown }[],
  snapshot: () => unknown = () => dashboardSnapshot(feed),
): Answerer {
  const rows = new Map<number, unknown>();
  return {
    snapshot,
    answer(method, params) {
      asked.push({ method, params });
      if (method === 'readLog')
        return { text: '14:02:11 info Opening the model\n14:02:14 info 2 720 rows\n', truncated: false };
      if (method === 'rowsOfStep' && typeof params === 'object' && params && 'step' in params) {
        return rows.get(Number(params.step)) ?? stepRows(Number(params.step));
      }
      if (method === 'series' && isRange(params)) return feed.page(params);
      return { done: true };
    },
  };
}

function isRange(params: unknown): params is { from: number; to: number; buckets: number; smoothing: number } {
  return typeof params === 'object' && params !== null && 'from' in params && 'buckets' in params;
}

function stepRows(step: number): unknown {
  const losses = [5.92, 1.21, 0.84, 0.7, 0.66, 0.61, 0.4, 0.2];
  return { step, rows: losses.map((loss, i) => ({ id: `data/train.jsonl:${1873 - 210 * i}`, loss, tokens: 80 })) };
}
