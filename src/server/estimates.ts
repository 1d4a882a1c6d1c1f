// What open configs cost: as the last run of the same config measured it, else as `finetune estimate` finds in a process of
// its own. One at a time, in the background, once the text has rested; given up when the config changes.
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../config/environment.ts';
import { parseConfig } from '../config/parse.ts';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { readMemory } from '../platform/memory.ts';
import { openRun, statusOf } from '../runs/store.ts';
import { runEstimate } from './runEstimate.ts';
import { runsOfConfig } from './runsOfConfig.ts';
import { measuredCosts, type Costs } from './service/costs.ts';

export type CostState =
  | { readonly kind: 'known'; readonly costs: Costs }
  | { readonly kind: 'working' }
  | { readonly kind: 'failed'; readonly reason: string };

/** A config that can be run, as it stands in the editor. */
export interface CostQuestion {
  readonly uri: string;
  /** Absolute path of its file. */
  readonly file: string;
  readonly text: string;
  readonly config: FinetuneConfig;
  readonly environment: Environment;
}

export interface CostEstimates {
  /** What is known now; asks for more in the background. */
  stateOf(question: CostQuestion): CostState;
  /** What is known of a document, as far as it still is the config that was asked about; asks for nothing. */
  knownOf(question: CostQuestion): Costs | undefined;
  /** A config was closed: what is under way for it is given up. */
  forget(uri: string): void;
  /** A run has begun or ended: it may have measured what was estimated. */
  lookForRuns(): void;
  dispose(): void;
}

export interface EstimateOptions {
  /** Absolute paths of the workspace's folders. */
  readonly folders: () => readonly string[];
  /** Told when a state has changed. */
  readonly onChange: () => void;
  /** Finds what a config costs; `finetune estimate` when absent. Undefined once the signal was aborted. */
  readonly estimate?: (question: CostQuestion, signal: AbortSignal) => Promise<CostState | undefined>;
  /** Time that a config must rest, milliseconds. */
  readonly rest?: number;
}

interface Entry {
  readonly key: string;
  readonly question: CostQuestion;
  readonly abort: AbortController;
  state: CostState;
}

/** Answers kept, so that undoing an edit brings its numbers back at once. */
const mostKept = 30;

export function openEstimates({
  folders,
  onChange,
  estimate = runEstimate,
  rest = 1000,
}: EstimateOptions): CostEstimates {
  const entries = new Map<string, Entry>();
  const kept = new Map<string, CostState>();
  let last: Promise<unknown> = Promise.resolve();

  const settle = (entry: Entry, state: CostState): void => {
    if (entry.abort.signal.aborted) return;
    entry.state = state;
    kept.delete(entry.key);
    // What failed may go well the next time.
    if (state.kind === 'known') kept.set(entry.key, state);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - mostKept))) kept.delete(oldest);
    onChange();
  };

  const work = async (entry: Entry): Promise<void> => {
    const { question, abort } = entry;
    const measured = await measuredByLastRun(question, folders());
    if (measured) {
      settle(entry, { kind: 'known', costs: measured });
      return;
    }
    await delay(rest, undefined, { signal: abort.signal }).catch(() => undefined);
    const turn = last.then(async () => (abort.signal.aborted ? undefined : estimate(question, abort.signal)));
    last = turn.catch(() => undefined);
    const state = await turn;
    if (state) settle(entry, state);
  };
  const begin = (entry: Entry): void => {
    work(entry).catch((error: unknown) =>
      settle(entry, { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }),
    );
  };

  const look = (): void => {
    for (const [uri, entry] of entries) {
      if (entry.state.kind === 'working') continue;
      if (entry.state.kind === 'failed') entries.delete(uri);
      measuredByLastRun(entry.question, folders()).then(
        (costs) => {
          if (costs) settle(entry, { kind: 'known', costs });
          else if (entry.state.kind === 'failed') onChange();
        },
        () => undefined, // it is looked for again with the next change
      );
    }
  };
  let lookAgain: NodeJS.Timeout | undefined;

  return {
    stateOf(question) {
      const key = keyOf(question);
      const before = entries.get(question.uri);
      if (before?.key === key) return before.state;
      before?.abort.abort();
      const known = kept.get(key);
      const entry: Entry = { key, question, abort: new AbortController(), state: known ?? { kind: 'working' } };
      entries.set(question.uri, entry);
      if (!known) begin(entry);
      return entry.state;
    },
    knownOf(question) {
      const state = kept.get(keyOf(question));
      return state?.kind === 'known' ? state.costs : undefined;
    },
    forget(uri) {
      entries.get(uri)?.abort.abort();
      entries.delete(uri);
    },
    lookForRuns() {
      look();
      // The change of a manifest may be told before the last of it is there to be read.
      clearTimeout(lookAgain);
      lookAgain = setTimeout(look, 2000);
      lookAgain.unref();
    },
    dispose() {
      clearTimeout(lookAgain);
      for (const { abort } of entries.values()) abort.abort();
      entries.clear();
    },
  };
}

/** The same config over the same files costs the same, whatever its comments and layout. */
function keyOf({ file, config }: CostQuestion): string {
  const { train, validation, template } = config.data;
  const named = [
    config.model,
    ...(typeof train === 'string' ? [train] : train.map(({ path: at }) => at)),
    ...(typeof validation === 'string' ? [validation] : []),
    ...(template === undefined ? [] : [template]),
  ];
  const stamps = named.map((name) => {
    const found = statSync(path.resolve(path.dirname(file), name), { throwIfNoEntry: false });
    return found ? `${found.mtimeMs}/${found.size}` : '-';
  });
  return JSON.stringify([file, config, stamps]);
}

/** What the newest whole run of this very config measured; undefined where there is none, or none that can be read. */
async function measuredByLastRun(
  { file, config, environment }: CostQuestion,
  folders: readonly string[],
): Promise<Costs | undefined> {
  const wanted = JSON.stringify(config);
  for (const { folder, manifest, config: copy } of await runsOfConfig(file, folders)) {
    const status = await statusOf(manifest);
    if (manifest.overrides.length > 0 || (status !== 'completed' && status !== 'early_stopped')) continue;
    const text = await readFile(copy, 'utf8').catch(() => undefined);
    if (text === undefined || JSON.stringify(parseConfig(text, file, { environment }).config) !== wanted) continue;
    const run = await openRun(folder).catch(() => undefined);
    if (!run?.state.finished || !run.state.started) continue;
    const { availableBytes } = await readMemory();
    return measuredCosts(run.state.finished.took, run.state.started.plan, availableBytes);
  }
  return undefined;
}
