// The host of the dashboard and of the comparison: what they may ask, and what comes.

import {
  isHostMessage,
  panelRequests,
  type CompareSnapshot,
  type DashboardDelta,
  type DashboardSnapshot,
  type PanelMethod,
  type ParamsOf,
  type ReplyOf,
  type SnapshotFailure,
} from '../src/protocol/webviewMessages.ts';
import { openChannel, type HostChannel } from './hostChannel.ts';

export type HostView = DashboardSnapshot | CompareSnapshot | DashboardDelta | SnapshotFailure;

export interface Host extends Omit<HostChannel, 'ask'> {
  /** Asks; rejects with the host's sentence, or when the host is silent for too long. */
  request<M extends PanelMethod>(method: M, params: ParamsOf<M>): Promise<ReplyOf<M>>;
}

/** Connects to the host. */
export function connect(onView: (view: HostView) => void, silence: (method: string) => string): Host {
  const { ask, ...channel } = openChannel<HostView>({ isMessage: isHostMessage, onNews: onView, silence });
  return {
    ...channel,
    request: <M extends PanelMethod>(method: M, params: ParamsOf<M>) => {
      const { timeout, isReply } = panelRequests[method];
      return ask(method, params, timeout, (value): value is ReplyOf<M> => isReply(value));
    },
  };
}
