// Words and numbers that several views say about runs, in the person's language.

import * as vscode from 'vscode';
import { formatAge, formatDuration, formatLoss } from '../metrics/numberText.ts';
import type { ReadableRun, RunRecord } from '../runs/runRecord.ts';
import type { RunStatus } from '../runs/store.ts';

/** A status as one or two words. */
export function statusWord(status: RunStatus | 'broken'): string {
  const { t } = vscode.l10n;
  switch (status) {
    case 'starting':
      return t('starting');
    case 'preparing':
      return t('preparing');
    case 'running':
      return t('running');
    case 'paused':
      return t('paused');
    case 'completed':
      return t('completed');
    case 'early_stopped':
      return t('stopped early');
    case 'stopped':
      return t('stopped');
    case 'failed':
      return t('failed');
    case 'interrupted':
      return t('interrupted');
    case 'broken':
      return t('cannot be read');
  }
}

/** `step 120/340`, or undefined before the first step. */
export function stepText(run: ReadableRun): string | undefined {
  const step = run.tail?.step?.step ?? run.tail?.finished?.step;
  if (step === undefined) return undefined;
  const total = run.manifest.prepared?.total_steps;
  return total === undefined ? vscode.l10n.t('step {0}', step) : vscode.l10n.t('step {0}/{1}', step, total);
}

export function lossText(run: ReadableRun): string | undefined {
  const loss = run.tail?.step?.loss;
  return loss === undefined ? undefined : vscode.l10n.t('loss {0}', formatLoss(loss));
}

/** Seconds that go by would make a restless line. */
const justNow = 60_000;

/** Since when the run is as it is, such as `3 min ago`. */
export function ageText(run: RunRecord, now: number): string | undefined {
  if (run.kind !== 'run') return undefined;
  const age = now - Date.parse(run.manifest.ended ?? run.manifest.launched);
  if (!Number.isFinite(age)) return undefined;
  return age < justNow ? vscode.l10n.t('just now') : vscode.l10n.t('{0} ago', formatAge(age));
}

/** Seconds that a run still needs, by the speed of its last step; undefined when that cannot be told. */
export function secondsLeft(run: ReadableRun): number | undefined {
  const step = run.tail?.step;
  const total = run.manifest.prepared?.total_steps;
  if (run.status !== 'running' || !step || total === undefined) return undefined;
  return step.seconds * Math.max(0, total - step.step);
}

export function leftText(run: ReadableRun): string | undefined {
  const seconds = secondsLeft(run);
  return seconds === undefined ? undefined : vscode.l10n.t('{0} left', formatDuration(seconds));
}

/** Texts that are there, with a middle dot between them. */
export function joined(...texts: readonly (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined && text !== '').join(' · ');
}
