// Which run a command is about: the item it was called on, the chosen items, or one that the person picks.

import * as vscode from 'vscode';
import { runTitle, type ReadableRun, type RunRecord } from '../../runs/runRecord.ts';
import type { RunLibrary } from '../library.ts';
import { ageText, joined, lossText, statusWord, stepText } from '../words.ts';

/** Folders that the arguments of a command name: a tree node, a list of them, or `{ folder }`. */
export function foldersOf(first: unknown, chosen: unknown): string[] {
  const items = Array.isArray(chosen) && chosen.length > 0 ? chosen : [first];
  return [...new Set(items.flatMap((item: unknown) => folderOf(item) ?? []))];
}

function folderOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('folder' in item)) return undefined;
  return typeof item.folder === 'string' ? item.folder : undefined;
}

/** Runs that a command can be about, as it says. */
export type Fitting = (run: RunRecord) => boolean;

/**
 * The run of the arguments. Without one: the only run that fits, or the one that the person picks, or, where none fits,
 * what `otherwise` finds among all. Undefined when there is none, which is told, or when the person stopped.
 */
export async function targetRun(
  library: RunLibrary,
  args: readonly unknown[],
  fits: Fitting,
  otherwise: (runs: readonly RunRecord[]) => RunRecord | undefined = () => undefined,
): Promise<RunRecord | undefined> {
  const [named] = foldersOf(args[0], undefined);
  if (named !== undefined) {
    await library.refresh(named);
    return library.get(named);
  }
  await library.listed();
  // A run that ended a moment ago may not be known as ended yet: the command would be about another one.
  await Promise.all(library.active().map(async ({ folder }) => library.refresh(folder)));
  const fitting = library.runs().filter(fits);
  if (fitting.length === 0) {
    const other = otherwise(library.runs());
    if (other) return other;
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no run that this can be done with.'));
    return undefined;
  }
  if (fitting.length === 1) return fitting[0];
  const chosen = await vscode.window.showQuickPick(pickItems(fitting), {
    placeHolder: vscode.l10n.t('Run'),
    matchOnDescription: true,
    // A dashboard that draws itself anew when its run ends takes the focus, and the list would be gone.
    ignoreFocusOut: true,
  });
  return chosen?.run;
}

export interface RunPick extends vscode.QuickPickItem {
  readonly run: RunRecord;
}

/** Runs for a quick pick, newest first. */
export function pickItems(runs: readonly RunRecord[]): RunPick[] {
  const created = (run: RunRecord): string => (run.kind === 'run' ? run.manifest.created : '');
  return runs
    .toSorted((a, b) => created(b).localeCompare(created(a)))
    .map((run) => ({ label: runTitle(run), description: describe(run), run }));
}

function describe(run: RunRecord): string {
  if (run.kind === 'broken') return statusWord('broken');
  return joined(statusWord(run.status), stepText(run), lossText(run), ageText(run, Date.now()));
}

/** A new run can begin with a checkpoint only where that is an adapter. */
export function canBeForked({ manifest }: ReadableRun): boolean {
  return manifest.prepared?.config['lora'] !== undefined;
}

export function isReadable(run: RunRecord): run is ReadableRun {
  return run.kind === 'run';
}
