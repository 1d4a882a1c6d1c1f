// Run folders on disk without a trainer, for tests of what lists and watches them.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeJsonLine } from '../../src/protocol/jsonLines.ts';
import type { EventDraft } from '../../src/protocol/events.ts';
import type { RunManifest } from '../../src/runs/manifest.ts';
import { runRecord, type RecordFacts } from './runRecords.ts';
import { numbered } from './runEvents.ts';

/** Writes a run folder; returns its path. */
export async function makeRunFolder(
  runsFolder: string,
  facts: RecordFacts,
  drafts: readonly EventDraft[] = [],
): Promise<string> {
  const { manifest, id } = runRecord(facts);
  const folder = join(runsFolder, id);
  await mkdir(folder, { recursive: true });
  if (drafts.length > 0) await writeFile(join(folder, 'events.jsonl'), numbered(drafts).map(encodeJsonLine).join(''));
  await writeFile(join(folder, 'run.json'), JSON.stringify(manifest));
  return folder;
}

/** A manifest whose process is this one, so that the run counts as alive. */
export function withProcess(manifest: RunManifest, mark: { pid: number; started: string; host: string }): RunManifest {
  return { ...manifest, process: { ...mark, argv: [] } };
}
