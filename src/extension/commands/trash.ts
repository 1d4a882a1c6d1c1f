// Moving runs to the trash and back.

import path from 'node:path';
import * as vscode from 'vscode';
import { isLive, runTitle, type RunRecord } from '../../runs/runRecord.ts';
import { moveToTrash, restoreFromTrash } from '../../runs/trash.ts';
import { tellFailure } from '../failures.ts';
import type { RunLibrary } from '../library.ts';
import type { Services } from '../services.ts';
import { foldersOf, targetRun } from './target.ts';

/** Moves runs aside after a question, and offers to undo it. Runs that go on are left where they are, and told. */
export async function trash({ library, log }: Services, args: readonly unknown[]): Promise<void> {
  const named = foldersOf(args[0], args[1]);
  // As they are now: one of them may have been started again in another window.
  await Promise.all(named.map((folder) => library.refresh(folder)));
  const chosen =
    named.length > 0
      ? named.map((folder) => library.get(folder)).filter((run) => run !== undefined)
      : [await targetRun(library, args, (run) => !isLive(run))].filter((run) => run !== undefined);
  const live = chosen.filter(isLive);
  const runs = chosen.filter((run) => !isLive(run));
  if (live.length > 0) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('Still going on, so not moved to the trash: {0}', live.map(runTitle).join(', ')),
    );
  }
  const [first] = runs;
  if (!first) return;
  const move = vscode.l10n.t('Move to Trash');
  const [question, detail] =
    runs.length === 1
      ? [
          vscode.l10n.t('Move {0} to the trash?', runTitle(first)),
          vscode.l10n.t('It stays in .finetune/trash until “Empty Trash” is called.'),
        ]
      : [
          vscode.l10n.t('Move {0} runs to the trash?', runs.length),
          vscode.l10n.t('They stay in .finetune/trash until “Empty Trash” is called.'),
        ];
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, move)) !== move) return;
  const moved: { run: RunRecord; place: string }[] = [];
  try {
    for (const run of runs) {
      moved.push({ run, place: await moveToTrash(run.folder) });
      await library.refresh(run.folder);
    }
  } finally {
    // Also when one could not be moved: those before it can be taken back.
    if (moved.length > 0) offerUndo(library, moved).catch((error: unknown) => tellFailure(error, log));
  }
}

async function offerUndo(
  library: RunLibrary,
  moved: readonly { readonly run: RunRecord; readonly place: string }[],
): Promise<void> {
  const undo = vscode.l10n.t('Undo');
  const names = moved.map(({ run }) => runTitle(run)).join(', ');
  if ((await vscode.window.showInformationMessage(vscode.l10n.t('Moved to the trash: {0}', names), undo)) !== undo)
    return;
  for (const { run, place } of moved) {
    await library.refresh(await restoreFromTrash(place, path.dirname(run.folder)));
  }
}
