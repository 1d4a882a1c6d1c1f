// The open datasets as they are linted, one store for every feature; tells when there is something new to say.
import { readFile } from 'node:fs/promises';
import type { LineEdit } from '../../lint/lines.ts';
import { defaultSettings, type LintSettings } from '../../lint/settings.ts';
import { parseSidecar, sidecarPath } from '../../lint/sidecar.ts';
import { ProblemError, type Problem } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import type { OpenDataset } from '../documents.ts';
import { governingConfigs, type GoverningConfig } from '../governingConfig.ts';
import { datasetLens } from '../lens/datasetLens.ts';
import { LintedDataset } from './lintedDataset.ts';

/** Work is cut into slices of this many milliseconds, between which requests and edits are heard. */
const slice = 10;
/** Milliseconds without an edit after which rows are compared. */
const pause = 400;
/** Milliseconds without an edit of a config after which it counts. */
const configPause = 300;

export interface LintedDatasets {
  /** Undefined while the dataset is not open or its settings are being read. */
  of(uri: string): LintedDataset | undefined;
  /** Told when findings of a dataset have changed; `problem` is what is wrong with its sidecar. */
  onFound(listener: (dataset: OpenDataset, linted: LintedDataset, problem: Problem | undefined) => void): void;
  /** Settings are read again and everything is linted anew, as when a sidecar was written. */
  restart(uri: string): void;
}

interface Entry {
  linted: LintedDataset | undefined;
  problem: Problem | undefined;
  /** Counts up with every edit and restart; work for an earlier state stops. */
  state: number;
  timer: NodeJS.Timeout | undefined;
}

const opened = new WeakMap<ServerContext, LintedDatasets>();

export function lintedDatasets(context: ServerContext): LintedDatasets {
  const known = opened.get(context) ?? create(context);
  opened.set(context, known);
  return known;
}

function create(context: ServerContext): LintedDatasets {
  const entries = new Map<string, Entry>();
  const refreshing = new Map<string, NodeJS.Timeout>();
  const lens = datasetLens(context);
  const logged = (error: unknown): void => context.log.error(String(error));
  const listeners: ((dataset: OpenDataset, linted: LintedDataset, problem: Problem | undefined) => void)[] = [];

  const tell = (uri: string, entry: Entry): void => {
    const dataset = context.documents.dataset(uri);
    if (dataset && entry.linted) for (const listener of listeners) listener(dataset, entry.linted, entry.problem);
  };

  /**
   * Lints on until all is, telling after the first slice and at the end; then looks at what training makes of the rows;
   * then waits for a pause and compares them.
   */
  const work = (uri: string, entry: Entry, linted: LintedDataset): void => {
    const { state } = entry;
    clearTimeout(entry.timer);
    const isOld = (): boolean => entry.state !== state || entries.get(uri) !== entry;
    const compare = (): void => {
      entry.timer = setTimeout(() => {
        inSlices(linted.compareRows(), isOld, () => tell(uri, entry));
      }, pause);
    };
    const step = (isFirst: boolean): void => {
      if (isOld()) return;
      const until = performance.now() + slice;
      const isDone = linted.settle(() => performance.now() > until);
      if (isFirst) linted.trainEdited();
      if (isFirst || isDone) tell(uri, entry);
      if (!isDone) {
        setImmediate(() => step(false));
        return;
      }
      inSlices(linted.trainRows(), isOld, (isNew) => {
        if (isNew) tell(uri, entry);
        compare();
      });
    };
    step(true);
  };

  /** Rows are judged by their tokens once the model of the governing config is open; why it is not, the lens tells. */
  const train = async (uri: string, entry: Entry, linted: LintedDataset): Promise<void> => {
    const dataset = context.documents.dataset(uri);
    if (dataset?.document.isArray) return; // tokens are told line by line
    const opened = dataset && (await lens.open(dataset).catch(onProblem));
    const isCurrent = entries.get(uri) === entry && entry.linted === linted;
    if (!isCurrent || !linted.trainAs(opened && { format: opened.format, options: opened.encoding.options })) return;
    entry.state += 1;
    work(uri, entry, linted);
  };

  const begin = async (uri: string): Promise<void> => {
    const entry: Entry = entries.get(uri) ?? { linted: undefined, problem: undefined, state: 0, timer: undefined };
    entries.set(uri, entry);
    entry.state += 1;
    const { state } = entry;
    const dataset = context.documents.dataset(uri);
    if (dataset === undefined) return;
    const governing = await lens.governing(dataset);
    const { settings, problem } = await settingsOf(context, dataset, governing);
    const now = context.documents.dataset(uri);
    if (entry.state !== state || now === undefined) return;
    const { lines, isArray } = now.document;
    // JSON holds lists of many things: of data only where a config says so.
    if (isArray && governing === undefined) {
      // What was found while one did is taken back.
      if (entry.linted) for (const listener of listeners) listener(now, new LintedDataset([], settings), undefined);
      entry.linted = undefined;
      return;
    }
    entry.problem = problem;
    entry.linted = new LintedDataset(lines, settings, isArray);
    work(uri, entry, entry.linted);
    await train(uri, entry, entry.linted);
  };
  /** Configs have changed: what is not said otherwise by them stays. */
  const refresh = async (uri: string): Promise<void> => {
    const [entry, dataset] = [entries.get(uri), context.documents.dataset(uri)];
    if (entry === undefined || dataset === undefined) return;
    if (entry.linted === undefined) {
      await begin(uri);
      return;
    }
    const { linted } = entry;
    const governing = await lens.governing(dataset);
    const { settings } = await settingsOf(context, dataset, governing);
    if (entry.linted !== linted) return;
    const isLost = dataset.document.isArray && governing === undefined;
    if (isLost || JSON.stringify(settings) !== JSON.stringify(linted.settings)) await begin(uri);
    else await train(uri, entry, linted);
  };
  const refreshSoon = (uri: string): void => {
    clearTimeout(refreshing.get(uri));
    const later = setTimeout(() => void refresh(uri).catch(logged), configPause);
    refreshing.set(uri, later);
  };
  const restart = (uri: string): void => {
    begin(uri).catch(logged);
  };
  const edited = (uri: string, edits: readonly LineEdit[]): void => {
    const entry = entries.get(uri);
    // Settings are still being read: the text is taken when they are there.
    if (entry?.linted === undefined) return;
    entry.state += 1;
    entry.linted.edit(edits);
    work(uri, entry, entry.linted);
  };
  const restartAll = (): void => {
    for (const uri of entries.keys()) restart(uri);
  };

  context.documents.onChange(({ document, edits }) => {
    if (document.kind !== 'dataset') return;
    if (edits === undefined) restart(document.uri);
    else edited(document.uri, edits);
  });
  context.documents.onClose((uri) => {
    clearTimeout(entries.get(uri)?.timer);
    clearTimeout(refreshing.get(uri));
    refreshing.delete(uri);
    entries.delete(uri);
  });
  context.settings.onChange(restartAll);
  governingConfigs(context).onChange(() => {
    for (const uri of entries.keys()) refreshSoon(uri);
  });
  lens.onChosen(refreshSoon);

  return { of: (uri) => entries.get(uri)?.linted, onFound: (listener) => void listeners.push(listener), restart };
}

/** Runs work a slice at a time, and `done` at its end, unless it `isOld` by then. */
function inSlices<T>(work: Iterator<undefined, T>, isOld: () => boolean, done: (result: T) => void): void {
  if (isOld()) return;
  const until = performance.now() + slice;
  for (;;) {
    const next = work.next();
    if (next.done) {
      done(next.value);
      return;
    }
    if (performance.now() > until) break;
  }
  setImmediate(() => inSlices(work, isOld, done));
}

/** What is wrong with a model or config is told elsewhere. */
function onProblem(error: unknown): undefined {
  if (!(error instanceof ProblemError)) throw error;
  return undefined;
}

/**
 * Format and columns as the governing config has them. How loud a finding is says the sidecar, else the editor's setting,
 * else the config.
 */
async function settingsOf(
  context: ServerContext,
  { uri, file }: OpenDataset,
  governing: GoverningConfig | undefined,
): Promise<{ settings: LintSettings; problem: Problem | undefined }> {
  const { severities } = await context.settings.of(uri);
  const base: LintSettings = {
    ...defaultSettings,
    ...(governing ? { format: governing.format, columns: governing.columns } : {}),
    severities: { ...governing?.config.data.lint, ...Object.fromEntries(severities) },
  };
  if (file === undefined) return { settings: base, problem: undefined };
  try {
    const path = sidecarPath(file);
    const sidecar = parseSidecar(await readFile(path, 'utf8').catch(() => ''), path);
    const settings = { ...base, ...sidecar, severities: { ...base.severities, ...sidecar.severities } };
    return { settings, problem: undefined };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { settings: base, problem: error.problems[0] };
  }
}
