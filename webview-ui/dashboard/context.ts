// What the parts of the dashboard share: the model, requests that tell their failures, and what a screen reader is told.

import type { PanelMethod, ParamsOf, ReplyOf } from '../../src/protocol/webviewMessages.ts';
import type { RunModel } from '../runModel.ts';
import type { Points, XAxis } from '../seriesStore.ts';

export type TabName = 'charts' | 'samples' | 'config' | 'events' | 'system';

/** What the person chose about the view; kept while the panel is hidden and over a reload. */
export interface ViewChoices {
  readonly tab: TabName;
  readonly x: XAxis;
  readonly smoothing: number;
  readonly log: boolean;
}

export const defaultChoices: ViewChoices = { tab: 'charts', x: 'step', smoothing: 0.9, log: false };

export interface DashboardContext {
  readonly model: () => RunModel;
  readonly choices: () => ViewChoices;
  choose(change: Partial<ViewChoices>): void;
  /** The host gave the whole run anew, fewer points of it or smoothed otherwise. */
  replaceOverview(points: Points): void;
  /** Asks the host; a failure is shown to the person and gives undefined. */
  ask<M extends PanelMethod>(method: M, params: ParamsOf<M>): Promise<ReplyOf<M> | undefined>;
  /** Tells a screen reader, at most every few seconds. */
  announce(text: string): void;
  readonly now: () => number;
}

/** A part of the page: made once, brought up to date often. */
export interface Part {
  readonly element: HTMLElement;
  /** Draws what changed since the last call. */
  update(model: RunModel): void;
}

const tabs: readonly TabName[] = ['charts', 'samples', 'config', 'events', 'system'];
const axes: readonly XAxis[] = ['step', 'tokens', 'elapsed'];

/** Choices out of what the editor remembered; anything else falls back to the defaults. */
export function readChoices(state: unknown): ViewChoices {
  if (typeof state !== 'object' || state === null) return defaultChoices;
  const { tab, x, smoothing, log } = { ...defaultChoices, ...state };
  return {
    tab: tabs.find((name) => name === tab) ?? defaultChoices.tab,
    x: axes.find((name) => name === x) ?? defaultChoices.x,
    smoothing: typeof smoothing === 'number' && smoothing >= 0 && smoothing < 1 ? smoothing : defaultChoices.smoothing,
    log: typeof log === 'boolean' ? log : defaultChoices.log,
  };
}
