// The sections of a dashboard, each worked out from what is known about a run. Pure.

import type { RunState } from '../../protocol/runState.ts';
import { toArray } from '../../protocol/series.ts';
import type { CrashCard, FactGroup, PanelAction, RunHead, RunNow, RunSections } from '../../protocol/panelViews.ts';
import { formatBytes } from '../../metrics/numberText.ts';
import { secondsLeft } from '../../metrics/rate.ts';
import type { StepColumns } from '../../metrics/stepColumns.ts';
import { formatPlace } from '../../protocol/problem.ts';
import { runTitle, type ReadableRun } from '../../runs/runRecord.ts';
import type { Translate } from './timeline.ts';

/** Samples that a panel gets; older ones stay in samples.jsonl. */
const shownSamples = 500;

/** How far the configured clipping norm may be looked for: the effective config is free JSON. */
export function clippingNorm(state: RunState): number | undefined {
  const training = state.started?.config['training'];
  if (typeof training !== 'object' || training === null || !('max_grad_norm' in training)) return undefined;
  const { max_grad_norm: norm } = training;
  return typeof norm === 'number' && norm > 0 ? norm : undefined;
}

export function headOf(run: ReadableRun, configFile: string, trusted: boolean, t: Translate): RunHead {
  const reason =
    run.status === 'interrupted'
      ? t(
          'Its process ended without a word. The usual reason is that memory ran out, or that the machine was restarted.',
        )
      : undefined;
  return {
    id: run.id,
    title: runTitle(run),
    status: run.status,
    created: run.manifest.created,
    configFile,
    actions: trusted ? actionsOf(run.status) : [],
    machineMemoryBytes: run.manifest.machine.memory_bytes,
    ...(reason === undefined ? {} : { statusReason: reason }),
    ...(run.label.note === undefined ? {} : { note: run.label.note }),
  };
}

/** What a person may do with a run that stands like this. */
export function actionsOf(status: ReadableRun['status']): PanelAction[] {
  switch (status) {
    case 'starting':
    case 'preparing':
      return ['stopNow'];
    case 'running':
      return ['pause', 'checkpointNow', 'stopAndSave', 'stopNow', 'setLearningRate'];
    case 'paused':
      return ['resume', 'checkpointNow', 'stopAndSave', 'stopNow', 'setLearningRate'];
    case 'stopped':
    case 'failed':
    case 'interrupted':
      return ['resumeRun'];
    case 'completed':
    case 'early_stopped':
      return [];
  }
}

export function nowOf(state: RunState, columns: StepColumns, run: ReadableRun): RunNow | null {
  if (columns.length === 0) return null;
  const { length } = columns;
  const step = columns.last('step');
  const total = state.started?.plan.total_steps;
  const timings = Array.from({ length: Math.min(20, length) }, (_, back) => {
    const index = length - 1 - back;
    const seconds = columns.at(index, 'elapsed') - (index === 0 ? 0 : columns.at(index - 1, 'elapsed'));
    return { seconds, tokens: 0 };
  }).reverse();
  const going = run.status === 'running' || run.status === 'paused';
  const left = going && total !== undefined ? secondsLeft(timings, Math.max(0, total - step)) : undefined;
  const clips = clippingNorm(state) !== undefined;
  const peak =
    state.settings.findLast(({ setting }) => setting === 'learning_rate')?.value ?? state.started?.plan.learning_rate;
  return {
    step,
    epoch: columns.last('epoch'),
    loss: columns.last('loss'),
    learningRate: columns.last('learning_rate'),
    gradNorm: columns.last('grad_norm'),
    best: { step: columns.last('bestStep'), loss: columns.last('bestLoss') },
    trend: columns.last('trend'),
    tokensPerSecond: columns.last('tokens_per_second'),
    memoryBytes: columns.last('memory_bytes'),
    tokens: columns.last('tokens'),
    elapsed: columns.last('elapsed'),
    ...(peak === undefined ? {} : { peakLearningRate: peak }),
    ...(left === undefined ? {} : { secondsLeft: left }),
    ...(clips ? { clipped: columns.last('clipped') / length } : {}),
  };
}

export function setupOf({ started, probed }: RunState): RunSections['setup'] {
  if (!started) return null;
  const { plan, model, device, threads, config, decisions, estimates } = started;
  const measured = probed ? { probedBytes: probed.memory_bytes } : {};
  return { plan, model, device, threads, config, decisions, estimates, ...measured };
}

export function progressOf({ progress, phase }: RunState): RunSections['progress'] {
  if (!progress || (phase !== 'preparing' && progress.stage !== 'export')) return null;
  const { stage, message, fraction, seconds_left: left } = progress;
  return {
    stage,
    message,
    ...(fraction === undefined ? {} : { fraction }),
    ...(left === undefined ? {} : { seconds_left: left }),
  };
}

export function evaluationsOf(state: RunState): RunSections['evaluations'] {
  return toArray(state.evaluations).map(({ step, loss, perplexity, best, seconds, metrics }) => ({
    ...{ step, loss, best, seconds },
    ...(perplexity === undefined ? {} : { perplexity }),
    ...(metrics === undefined ? {} : { metrics }),
  }));
}

export function samplesOf(state: RunState): RunSections['samples'] {
  return toArray(state.samples)
    .slice(-shownSamples)
    .map(({ step, prompt, answer, tokens }) => ({ step, prompt, answer, tokens }));
}

export function crashOf({ failed }: RunState): CrashCard | null {
  if (!failed) return null;
  const { cause, evidence, remedies, step } = failed;
  return {
    code: cause.code,
    message: cause.message,
    details: cause.details ?? [],
    evidence,
    remedies,
    ...(step === undefined ? {} : { step }),
    ...(cause.place ? { place: formatPlace(cause.place) } : {}),
  };
}

export function resultOf({ finished }: RunState): RunSections['result'] {
  if (!finished) return null;
  const { outcome, result, took } = finished;
  return {
    outcome,
    seconds: took.seconds,
    tokensPerSecond: took.tokens_per_second,
    peakMemoryBytes: took.peak_memory_bytes,
    ...(result ? { kind: result.kind, path: result.output ?? result.path } : {}),
  };
}

/** Machine, versions and hashes as a list of facts. */
export function systemOf({ manifest, folder }: ReadableRun, t: Translate): FactGroup[] {
  const { machine, versions, prepared, git } = manifest;
  const fact = (name: string, value: string | undefined) => (value === undefined ? [] : [{ name, value }]);
  return [
    {
      title: t('Machine'),
      facts: [
        ...fact(t('System'), `${machine.platform} ${machine.release} ${machine.arch}`),
        ...fact(t('Processor'), `${machine.cpu} (${machine.cores})`),
        ...fact(t('Memory'), formatBytes(machine.memory_bytes)),
        ...fact(t('Device'), prepared?.device),
        ...fact(t('Threads'), prepared && String(prepared.threads)),
      ],
    },
    { title: t('Versions'), facts: Object.entries(versions).map(([name, value]) => ({ name, value })) },
    {
      title: t('Origin'),
      facts: [
        ...fact(t('Folder'), folder),
        ...fact(t('Config'), manifest.config_file),
        ...manifest.overrides.flatMap((override) => fact(t('Override'), override)),
        ...fact(t('Git commit'), git && (git.dirty ? t('{0}, with changes', git.commit) : git.commit)),
      ],
    },
    ...(prepared
      ? [
          {
            title: 'SHA-256',
            facts: Object.entries<string>({ ...prepared.hashes }).map(([name, value]) => ({ name, value })),
          },
        ]
      : []),
  ].filter(({ facts }) => facts.length > 0);
}
