// Events as lines of a dashboard's list, and as marks on its charts. Steps, samples and answers to commands are left out.

import type { TrainerEvent } from '../../protocol/events.ts';
import type { ChartMark, TimelineEntry } from '../../protocol/panelViews.ts';
import { formatBytes, formatDuration, formatLoss } from '../../metrics/numberText.ts';

/** `vscode.l10n.t`, passed in so that this file needs no editor. */
export type Translate = (message: string, ...args: (string | number)[]) => string;

/** The line of an event; undefined for those that happen all the time. */
export function timelineEntry(event: TrainerEvent, t: Translate): TimelineEntry | undefined {
  const told = describe(event, t);
  if (!told) return undefined;
  const step = 'step' in event ? event.step : undefined;
  return {
    seq: event.seq,
    time: event.time,
    type: event.type,
    level: told.level ?? 'info',
    text: told.text,
    ...(step === undefined ? {} : { step }),
    ...(told.details && told.details.length > 0 ? { details: told.details } : {}),
  };
}

/** What an event puts on the charts. */
export function chartMark(event: TrainerEvent, t: Translate): ChartMark | undefined {
  switch (event.type) {
    case 'checkpoint':
      return { kind: 'checkpoint', step: event.step, text: t('checkpoint {0}', event.path) };
    case 'warning':
      return event.step === undefined ? undefined : { kind: 'warning', step: event.step, text: event.problem.message };
    case 'setting_changed':
      return { kind: 'setting', step: event.step, text: t('learning rate {0}', event.value.toPrecision(3)) };
    case 'resumed':
      return event.after === 'restart'
        ? { kind: 'restart', step: event.step, text: t('goes on after step {0}', event.step) }
        : undefined;
    case 'failed':
      return event.step === undefined ? undefined : { kind: 'failure', step: event.step, text: event.cause.message };
    default:
      return undefined;
  }
}

interface Told {
  readonly text: string;
  readonly level?: TimelineEntry['level'];
  readonly details?: readonly string[];
}

function describe(event: TrainerEvent, t: Translate): Told | undefined {
  switch (event.type) {
    case 'hello':
      return { text: t('Process {0} began, version {1}, Node {2}', event.pid, event.package_version, event.node) };
    case 'progress':
      // Only the beginning of a stage; its fractions come many times a second.
      return event.fraction === undefined ? { text: event.message } : undefined;
    case 'started':
      return {
        text: t('Training begins: {0} steps on {1}', event.plan.total_steps, event.device),
        details: event.decisions
          .filter(({ source, reason }) => source === 'auto' && reason !== undefined)
          .map(({ path, value, reason }) => `${path} = ${JSON.stringify(value)}: ${reason ?? ''}`),
      };
    case 'probed':
      return {
        text: t('Tried step {0}, which needs the most: {1} of memory', event.step, formatBytes(event.memory_bytes)),
      };
    case 'step':
    case 'sample':
      return undefined;
    case 'evaluated':
      return {
        text:
          event.perplexity === undefined
            ? t('Evaluation loss {0}', formatLoss(event.loss))
            : t('Evaluation loss {0}, perplexity {1}', formatLoss(event.loss), formatLoss(event.perplexity)),
        level: event.best ? 'good' : 'info',
        details: event.worst_rows.slice(0, 5).map(({ id, loss }) => `${id}  ${formatLoss(loss)}`),
      };
    case 'checkpoint':
      return { text: t('Checkpoint {0}, {1}', event.path, formatBytes(event.bytes)) };
    case 'warning':
      return { text: event.problem.message, level: 'warning', details: event.problem.details ?? [] };
    case 'paused':
      return { text: t('Paused') };
    case 'resumed':
      return event.after === 'pause'
        ? { text: t('Goes on') }
        : { text: t('Goes on after step {0} from {1}', event.step, event.checkpoint ?? t('the beginning')) };
    case 'setting_changed':
      return {
        text: t('Learning rate {0} instead of {1}', event.value.toPrecision(3), event.previous.toPrecision(3)),
      };
    case 'acknowledged':
      return event.accepted
        ? undefined
        : { text: t('Refused: {0}. {1}', event.command, event.reason ?? ''), level: 'warning' };
    case 'finished':
      return {
        text: finishedText(event, t),
        level: 'good',
        details: [
          t('{0} steps in {1}', event.took.steps, formatDuration(event.took.seconds)),
          t('{0} at most', formatBytes(event.took.peak_memory_bytes)),
          ...(event.result ? [event.result.output ?? event.result.path] : []),
        ],
      };
    case 'failed':
      return { text: event.cause.message, level: 'error', details: [...event.evidence] };
  }
}

function finishedText(event: Extract<TrainerEvent, { type: 'finished' }>, t: Translate): string {
  switch (event.outcome) {
    case 'completed':
      return t('Complete');
    case 'early_stopped':
      return t('Stopped early: the evaluation loss no longer fell');
    case 'stopped':
      return t('Stopped');
  }
}
