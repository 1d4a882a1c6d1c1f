// Tells when a run has ended while the editor was open: the person its result and what one does next, the language server
// that there is something measured.

import * as vscode from 'vscode';
import { formatDuration, formatLoss } from '../../metrics/numberText.ts';
import { isLive, runTitle, type ReadableRun } from '../../runs/runRecord.ts';
import { checkpointSteps } from '../../runs/startRun.ts';
import * as actions from '../runActions.ts';
import { tellFailure } from '../failures.ts';
import type { Services } from '../services.ts';
import { settings } from '../settings.ts';

export function tellEndings(services: Services): vscode.Disposable {
  const { library } = services;
  const live = new Set(library.active().map(({ folder }) => folder));
  return library.onDidChange(() => {
    for (const run of library.runs()) {
      if (isLive(run)) live.add(run.folder);
      else if (live.delete(run.folder) && run.kind === 'run') {
        services.language.runEnded();
        tellEnd(run, services).catch((error: unknown) => tellFailure(error, services.log));
      }
    }
  });
}

async function tellEnd(run: ReadableRun, services: Services): Promise<void> {
  const wanted = settings.notifications();
  const bad = run.status === 'failed' || run.status === 'interrupted';
  if (wanted === 'off' || run.status === 'stopped' || (wanted === 'failures' && !bad)) return;
  const open = vscode.l10n.t('Open Dashboard');
  const resume = vscode.l10n.t('Resume');
  const reveal = vscode.l10n.t('Show Result');
  const message = messageOf(run, (await checkpointSteps(run.folder)).length > 0);
  const answer = bad
    ? await vscode.window.showErrorMessage(message, open, ...(run.status === 'interrupted' ? [resume] : []))
    : await vscode.window.showInformationMessage(message, open, ...(run.tail?.finished?.result ? [reveal] : []));
  if (answer === open) await services.openDashboard(run.folder);
  if (answer === resume) await actions.goOn(run.folder);
  const result = run.tail?.finished?.result;
  if (answer === reveal && result) {
    const place = result.output
      ? vscode.Uri.file(result.output)
      : vscode.Uri.joinPath(vscode.Uri.file(run.folder), ...result.path.split('/'));
    await vscode.commands.executeCommand('revealFileInOS', place);
  }
}

function messageOf(run: ReadableRun, hasCheckpoint: boolean): string {
  const title = runTitle(run);
  const { finished, failed, step } = run.tail ?? {};
  if (run.status === 'interrupted') {
    return hasCheckpoint
      ? vscode.l10n.t(
          '{0} was interrupted: its process ended without a word. It can go on from its last checkpoint.',
          title,
        )
      : vscode.l10n.t(
          '{0} was interrupted: its process ended without a word. It has no checkpoint, so that it begins anew when it is resumed.',
          title,
        );
  }
  if (run.status === 'failed') return vscode.l10n.t('{0} failed: {1}', title, failed?.cause.message ?? '');
  const took = formatDuration(finished?.took.seconds ?? Number.NaN);
  const best = finished?.best?.best_value;
  if (best !== undefined) {
    return vscode.l10n.t('{0} is complete after {1}: best evaluation loss {2}.', title, took, formatLoss(best));
  }
  return vscode.l10n.t('{0} is complete after {1}: loss {2}.', title, took, formatLoss(step?.loss ?? Number.NaN));
}
