// The host of the dataset preview: what it may ask, and what comes.

import {
  isPreviewHostMessage,
  previewRequests,
  type PreviewHostMessage,
  type PreviewMethod,
  type PreviewParams,
  type PreviewReply,
} from '../../src/protocol/previewMessages.ts';
import { openChannel, type HostChannel } from '../hostChannel.ts';

export type PreviewNews = Exclude<PreviewHostMessage, { type: 'reply' }>;

export interface PreviewHost extends Omit<HostChannel, 'ask'> {
  /** Asks; rejects with the host's sentence, or when the host is silent for too long. */
  request<M extends PreviewMethod>(method: M, params: PreviewParams<M>): Promise<PreviewReply<M>>;
}

/** Connects to the host. */
export function connectPreview(onNews: (news: PreviewNews) => void, silence: (method: string) => string): PreviewHost {
  const { ask, ...channel } = openChannel<PreviewNews>({ isMessage: isPreviewHostMessage, onNews, silence });
  return {
    ...channel,
    request: <M extends PreviewMethod>(method: M, params: PreviewParams<M>) => {
      const { timeout, isReply } = previewRequests[method];
      return ask(method, params, timeout, (value): value is PreviewReply<M> => isReply(value));
    },
  };
}
