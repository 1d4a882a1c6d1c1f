// The phrases of the line above a config and of its hints, in the person's language; the server fills their places.

import * as vscode from 'vscode';
import type { Phrases } from '../../protocol/phrases.ts';

/** Word for word those of `protocol/phrases.ts`; a test compares them. */
export function localPhrases(): Phrases {
  const { t } = vscode.l10n;
  return {
    start: t('▶ Start'),
    dryRun: t('Dry run'),
    cannotStart: t('Cannot be started: {0}'),
    cannotStartMany: t('Cannot be started: {0} errors'),
    estimating: t('estimating …'),
    noEstimate: t('no estimate: {0}'),
    memory: t('{0} of memory'),
    memoryOf: t('{0} of {1} available'),
    tooMuchMemory: t('too much memory: {0} of {1} available'),
    steps: t('{0} steps'),
    stepsIn: t('{0} steps in {1}'),
    disk: t('{0} on disk'),
    trained: t('{0} % of tokens trained'),
    isEstimate: t('estimate'),
    isMeasured: t('measured by the last run'),
    rows: t('= {0} rows a step'),
    rowsAndTokens: t('= {0} rows, about {1} tokens a step'),
    totalSteps: t('= {0} steps'),
    epochs: t('= {0} epochs'),
    scale: t('= scale {0}'),
  };
}
