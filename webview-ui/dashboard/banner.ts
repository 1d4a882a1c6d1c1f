// What stands above the tabs when a run is not simply running: the stages before its first step, its result, its crash.

import { mayChange } from '../../src/config/changeable.ts';
import type { CrashCard, RunSections } from '../../src/protocol/panelViews.ts';
import { formatBytes, formatDuration, formatLoss } from '../../src/metrics/numberText.ts';
import { button, linkButton } from '../controls.ts';
import { element, fill, setFraction, type Child } from '../dom.ts';
import { icon } from '../icons.ts';
import { t } from '../strings.ts';
import type { DashboardContext, Part } from './context.ts';

export function createBanner(context: DashboardContext): Part {
  const place = element('div', { class: 'banner' });
  let shown = '';
  return {
    element: place,
    update({ sections }) {
      const { head, progress, crash, result, problems, now } = sections;
      const saved = hasCheckpoint(sections);
      const state = JSON.stringify([
        head.status,
        head.statusReason,
        progress,
        crash,
        result,
        problems,
        now === null,
        saved,
      ]);
      if (state === shown) return;
      shown = state;
      fill(place, ...bannerOf(sections, context));
    },
  };
}

function bannerOf(sections: RunSections, context: DashboardContext): Child[] {
  const { head, crash, result, problems } = sections;
  const parts: Child[] = [];
  const ended = head.status === 'failed' || head.status === 'interrupted';
  if (ended && crash) parts.push(crashCard(crash, context));
  else if (ended) parts.push(interruptedCard(sections));
  else if (result) parts.push(resultCard(sections, context));
  else if (['queued', 'starting', 'preparing'].includes(head.status)) parts.push(startCard(sections));
  else if (sections.progress?.stage === 'export') parts.push(exportLine(sections.progress));
  if (problems.length > 0) parts.push(problemLine(problems));
  return parts;
}

const stages = ['config', 'model', 'data', 'engine'] as const;

function stageName(stage: (typeof stages)[number] | 'training'): string {
  const names: Readonly<Record<typeof stage, string>> = {
    config: t('Config'),
    model: t('Model'),
    data: t('Data'),
    engine: t('Engine'),
    training: t('Training'),
  };
  return names[stage];
}

function startCard({ head, progress, setup }: RunSections): HTMLElement {
  if (head.status === 'queued') {
    return element(
      'section',
      { class: 'card start' },
      element('h2', {}, t('Waiting for its turn')),
      element('p', {}, head.statusReason ?? t('This run starts when the run before it has ended.')),
    );
  }
  const at = progress && progress.stage !== 'export' ? stages.indexOf(progress.stage) : -1;
  const done = setup ? stages.length : at;
  const item = (stage: (typeof stages)[number] | 'training', index: number): HTMLElement => {
    const state = index < done ? 'done' : index === done ? 'current' : 'open';
    return element(
      'li',
      { class: `stage ${state}`, attributes: { 'aria-current': state === 'current' ? 'step' : undefined } },
      element('span', { class: 'stage-sign' }, state === 'done' && icon('check')),
      stageName(stage),
    );
  };
  const left = progress?.seconds_left;
  const detail = left === undefined || left < 1 ? '' : ` · ${t('{0} left', formatDuration(left))}`;
  return element(
    'section',
    { class: 'card start', attributes: { 'aria-labelledby': 'start-title' } },
    element('h2', { attributes: { id: 'start-title' } }, t('Getting ready')),
    element('ol', { class: 'stages' }, ...[...stages, 'training' as const].map(item)),
    element('p', { class: 'dim' }, `${progress?.message ?? t('The trainer is starting …')}${detail}`),
    progressBar(t('Progress of this stage'), progress?.fraction),
  );
}

/** A bar for 0…1; without a number it says that something goes on. */
export function progressBar(label: string, fraction: number | undefined): HTMLElement {
  const bar = element('progress', { class: 'bar', attributes: { 'aria-label': label, max: '1' } });
  setFraction(bar, fraction);
  return bar;
}

function exportLine(progress: NonNullable<RunSections['progress']>): HTMLElement {
  return element('section', { class: 'card start' }, element('p', {}, `${progress.message} …`));
}

function resultCard({ result, evaluations }: RunSections, context: DashboardContext): HTMLElement {
  const { outcome, kind, path, seconds, peakMemoryBytes } = result!;
  const words = {
    completed: t('Complete'),
    early_stopped: t('Stopped early: the evaluation loss no longer fell'),
    stopped: t('Stopped'),
  };
  const best = evaluations.filter(({ loss }) => Number.isFinite(loss)).toSorted((a, b) => a.loss - b.loss)[0];
  const facts = [
    t('took {0}', formatDuration(seconds)),
    t('{0} at most', formatBytes(peakMemoryBytes)),
    ...(best ? [t('lowest evaluation loss {0} at step {1}', formatLoss(best.loss), best.step)] : []),
  ];
  return element(
    'section',
    { class: `card result ${outcome}`, attributes: { 'aria-label': t('Result') } },
    element(
      'p',
      {},
      outcome !== 'stopped' && icon('check'),
      element('strong', {}, words[outcome]),
      ` ${facts.join(' · ')}`,
    ),
    path !== undefined &&
      element(
        'p',
        { class: 'dim' },
        `${kind === 'model' ? t('Model') : t('Adapter')}: `,
        element('code', {}, path),
        ' ',
        linkButton(t('Reveal run folder'), () => void context.ask('revealFolder', {})),
      ),
  );
}

function hasCheckpoint({ marks }: RunSections): boolean {
  return marks.some(({ kind }) => kind === 'checkpoint');
}

function interruptedCard(sections: RunSections): HTMLElement {
  const { head } = sections;
  const failed = head.status === 'failed';
  return element(
    'section',
    { class: 'card crash', attributes: { 'aria-labelledby': 'crash-title' } },
    element('h2', { attributes: { id: 'crash-title' } }, failed ? t('This run failed') : t('This run was interrupted')),
    element('p', {}, head.statusReason ?? t('Its process is gone. The log may say why.')),
    !failed &&
      element(
        'p',
        { class: 'dim' },
        hasCheckpoint(sections)
          ? t('Nothing up to the last checkpoint is lost: Resume goes on from there.')
          : t('There is no checkpoint yet: Resume begins anew.'),
      ),
  );
}

function crashCard(crash: CrashCard, context: DashboardContext): HTMLElement {
  const { place, step } = crash;
  return element(
    'section',
    { class: 'card crash', attributes: { 'aria-labelledby': 'crash-title' } },
    element(
      'h2',
      { attributes: { id: 'crash-title' } },
      step === undefined ? t('This run failed') : t('Failed after step {0}', step),
    ),
    element('p', { class: 'cause' }, crash.message),
    element(
      'p',
      { class: 'dim' },
      element('code', {}, crash.code),
      place !== undefined && ' · ',
      place !== undefined && element('code', {}, place),
    ),
    ...listWith(t('Evidence'), [...crash.evidence, ...crash.details]),
    crash.remedies.length > 0 && element('h3', {}, t('What to change')),
    element('ul', { class: 'remedies' }, ...crash.remedies.map((remedy, index) => remedyItem(remedy, index, context))),
    element(
      'p',
      {},
      linkButton(t('Open log'), () => void context.ask('openLog', {})),
    ),
  );
}

function listWith(title: string, lines: readonly string[]): Child[] {
  if (lines.length === 0) return [];
  return [
    element('h3', {}, title),
    element('ul', { class: 'evidence' }, ...lines.map((line) => element('li', {}, line))),
  ];
}

function remedyItem(remedy: CrashCard['remedies'][number], index: number, context: DashboardContext): HTMLElement {
  const { text, set, saves } = remedy;
  const changes = Object.entries(set ?? {});
  // A run that has trained keeps its numbers: with settings that make other steps a new one begins beside it.
  const isBegun = context.model().sections.setup !== null;
  const isOther = isBegun && !mayChange(changes.map(([path]) => path));
  const apply = isOther ? t('Apply and start a new run') : t('Apply and resume');
  const saved = [
    ...(saves?.memory_bytes === undefined ? [] : [t('saves about {0} of memory', formatBytes(saves.memory_bytes))]),
    ...(saves?.disk_bytes === undefined ? [] : [t('saves about {0} of disk', formatBytes(saves.disk_bytes))]),
  ];
  return element(
    'li',
    {},
    element(
      'div',
      {},
      element('span', {}, text),
      ...changes.map(([path, value]) => element('code', {}, `${path}: ${String(value)}`)),
      saved.length > 0 && element('span', { class: 'dim' }, saved.join(', ')),
    ),
    changes.length > 0 &&
      button(apply, () => void context.ask('applyRemedyAndResume', { index }), {
        appearance: index === 0 ? 'primary' : 'secondary',
        ariaLabel: `${apply}: ${text}`,
      }),
  );
}

function problemLine(problems: readonly string[]): HTMLElement {
  return element(
    'details',
    { class: 'card problems' },
    element('summary', {}, t('The event log of this run has {0} damaged places', problems.length)),
    element('ul', {}, ...problems.slice(0, 50).map((text) => element('li', {}, text))),
  );
}
