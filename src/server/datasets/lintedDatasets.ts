// The open datasets as they are linted, one store for every feature; tells when there is something new to say.
import { readFile } from 'node:fs/promises';
import type { LineEdit } from '../../lint/lines.ts';
import { defaultSettings, type LintSettings } from '../../lint/settings.ts';
import { parseSidecar, sidecarPath } from '../../lint/sidecar.ts';
import { ProblemError, type Problem } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import type { OpenDataset } from '../documents.ts';
import { LintedDataset } from './lintedDataset.ts';

/** Work is cut into slices of this many milliseconds, between which requests and edits are heard. */
const slice = 10;
/** Milliseconds without an edit after which rows are compared. */
const pause = 400;

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
  const listeners: ((dataset: OpenDataset, linted: LintedDataset, problem: Problem | undefined) => void)[] = [];

  const tell = (uri: string, entry: Entry): void => {
    const dataset = context.documents.dataset(uri);
    if (dataset && entry.linted) for (const listener of listeners) listener(dataset, entry.linted, entry.problem);
  };

  /** Lints on until all is, telling after the first slice and at the end; then waits for a pause and compares rows. */
  const work = (uri: string, entry: Entry, linted: LintedDataset): void => {
    const { state } = entry;
    clearTimeout(entry.timer);
    const isOld = (): boolean => entry.state !== state || entries.get(uri) !== entry;
    const step = (isFirst: boolean): void => {
      if (isOld()) return;
      const until = performance.now() + slice;
      const isDone = linted.settle(() => performance.now() > until);
      if (isFirst || isDone) tell(uri, entry);
      if (!isDone) {
        setImmediate(() => step(false));
        return;
      }
      entry.timer = setTimeout(() => {
        inSlices(linted.compareRows(), isOld, () => tell(uri, entry));
      }, pause);
    };
    step(true);
  };

  const begin = async (uri: string): Promise<void> => {
    const entry: Entry = entries.get(uri) ?? { linted: undefined, problem: undefined, state: 0, timer: undefined };
    entries.set(uri, entry);
    entry.state += 1;
    const { state } = entry;
    const dataset = context.documents.dataset(uri);
    if (dataset === undefined) return;
    const { settings, problem } = await settingsOf(context, dataset);
    const now = context.documents.dataset(uri);
    if (entry.state !== state || now === undefined) return;
    entry.problem = problem;
    entry.linted = new LintedDataset(now.document.lines, settings);
    work(uri, entry, entry.linted);
  };
  const restart = (uri: string): void => {
    begin(uri).catch((error: unknown) => context.log.error(String(error)));
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
    entries.delete(uri);
  });
  context.settings.onChange(restartAll);

  return { of: (uri) => entries.get(uri)?.linted, onFound: (listener) => void listeners.push(listener), restart };
}

/** Runs work a slice at a time, and `done` at its end, unless it `isOld` by then. */
function inSlices(work: Iterator<undefined, void>, isOld: () => boolean, done: () => void): void {
  if (isOld()) return;
  const until = performance.now() + slice;
  for (;;) {
    if (work.next().done) {
      done();
      return;
    }
    if (performance.now() > until) break;
  }
  setImmediate(() => inSlices(work, isOld, done));
}

/** What a person has set in the editor, then what the sidecar says; format and columns as the governing config has them. */
async function settingsOf(
  context: ServerContext,
  { uri, file }: OpenDataset,
): Promise<{ settings: LintSettings; problem: Problem | undefined }> {
  const { severities } = await context.settings.of(uri);
  const base: LintSettings = {
    ...defaultSettings,
    severities: Object.fromEntries(severities),
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
