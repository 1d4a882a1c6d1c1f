// The head of a dashboard: the run's name and state, what it is, and what a person may do with it now.

import type { PanelAction, RunSections } from '../../src/protocol/panelViews.ts';
import { button } from '../controls.ts';
import { element, fill, setText } from '../dom.ts';
import { icon } from '../icons.ts';
import { createMenu, type MenuItem } from '../menu.ts';
import { t } from '../strings.ts';
import type { DashboardContext, Part } from './context.ts';
import { askLearningRate } from './learningRateDialog.ts';
import { statusPill } from './statusPill.ts';

export interface Exports {
  readonly png: () => void;
  readonly markdown: () => void;
}

/** Actions with a button of their own, in this order; the others are in the menu. */
const buttons = [
  'resumeRun',
  'resume',
  'pause',
  'checkpointNow',
  'stopAndSave',
] as const satisfies readonly PanelAction[];

/** `SmolLM2-135M-Instruct · LoRA r16 · sft · embedded on CPU`. */
export function describeRun({ setup, head }: RunSections): string {
  if (!setup) return head.configFile;
  const { config } = setup;
  const text = (name: string): string => (typeof config[name] === 'string' ? config[name] : '');
  const engine = text('engine');
  const device = setup.device === 'cpu' ? 'CPU' : setup.device;
  return [
    modelName(text('model')),
    methodName(text('method'), config['lora']),
    text('objective'),
    engine === '' ? device : t('{0} on {1}', engine, device),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function modelName(reference: string): string {
  return (
    reference
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? reference
  );
}

function methodName(method: string, lora: unknown): string {
  const names: Readonly<Record<string, string>> = {
    lora: 'LoRA',
    qlora: 'QLoRA',
    full: t('full fine-tuning'),
    prefix: t('prefix tuning'),
  };
  const name = names[method] ?? method;
  const rank = typeof lora === 'object' && lora !== null && 'rank' in lora ? lora.rank : undefined;
  return typeof rank === 'number' ? `${name} r${rank}` : name;
}

export function createHeader(context: DashboardContext, exports: Exports): Part {
  const title = element('h1');
  const pill = element('span', { class: 'pill-place' });
  const about = element('p', { class: 'about' });
  const actions = element('div', { class: 'actions', attributes: { role: 'toolbar', 'aria-label': t('Run') } });
  const menu = createMenu(t('More actions'), icon('more'));
  const label: Readonly<Record<(typeof buttons)[number], string>> = {
    resumeRun: t('Resume'),
    resume: t('Resume'),
    pause: t('Pause'),
    checkpointNow: t('Checkpoint now'),
    stopAndSave: t('Stop and save'),
  };
  let shownStatus = '';
  let shownActions = '';
  /** Actions that were asked for and not answered yet. */
  const waiting = new Set<PanelAction>();

  const perform = async (action: (typeof buttons)[number] | 'stopNow'): Promise<void> => {
    if (waiting.has(action)) return;
    waiting.add(action);
    redraw();
    const reply = await context.ask(action, {});
    waiting.delete(action);
    redraw();
    if (reply?.done === true) context.announce(t('Done.'));
  };

  const menuItems = (may: readonly PanelAction[]): MenuItem[] => {
    const setRate = (value: number): void => void context.ask('setLearningRate', { value });
    const control: MenuItem[] = [];
    if (may.includes('setLearningRate')) {
      const ask = (): void => askLearningRate(context.model().sections.now?.peakLearningRate, setRate);
      control.push({ label: t('Set learning rate …'), run: ask });
    }
    if (may.includes('stopNow')) control.push({ label: t('Stop now …'), run: () => void perform('stopNow') });
    return [
      ...control,
      { label: t('Export charts as PNG …'), apart: control.length > 0, run: exports.png },
      { label: t('Export all steps as CSV …'), run: () => void context.ask('saveCsv', {}) },
      { label: t('Copy as Markdown'), run: exports.markdown },
      { label: t('Open config'), apart: true, run: () => void context.ask('openConfig', {}) },
      { label: t('Open log'), run: () => void context.ask('openLog', {}) },
      { label: t('Reveal run folder'), run: () => void context.ask('revealFolder', {}) },
    ];
  };

  const redraw = (): void => {
    const { head } = context.model().sections;
    const state = JSON.stringify([head.actions, [...waiting]]);
    if (state === shownActions) return;
    shownActions = state;
    const shown = buttons.filter((action) => head.actions.includes(action));
    fill(
      actions,
      ...shown.map((action) =>
        button(waiting.has(action) ? t('{0} …', label[action]) : label[action], () => void perform(action), {
          appearance: action === 'resume' || action === 'resumeRun' ? 'primary' : 'secondary',
          attributes: { 'data-action': action, ...(waiting.has(action) ? { disabled: '' } : {}) },
        }),
      ),
      menu.element,
    );
    menu.setItems(menuItems(head.actions));
  };

  return {
    element: element(
      'header',
      { class: 'run-head' },
      element('div', { class: 'run-name' }, title, pill, about),
      actions,
    ),
    update({ sections }) {
      const { head } = sections;
      setText(title, head.title);
      setText(about, describeRun(sections));
      about.title = [head.configFile, head.note ?? ''].filter((text) => text !== '').join('\n');
      if (head.status !== shownStatus) {
        shownStatus = head.status;
        fill(pill, statusPill(head.status));
      }
      redraw();
    },
  };
}
