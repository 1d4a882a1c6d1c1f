// The only file of the preview that talks to the host: checked messages in, requests with replies and time limits out.

import {
  isPreviewHostMessage,
  previewRequests,
  type PreviewHostMessage,
  type PreviewMethod,
  type PreviewPanelMessage,
  type PreviewParams,
  type PreviewReply,
} from '../../src/protocol/previewMessages.ts';
import { packNumbers, unpackNumbers } from '../../src/protocol/wireNumbers.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export type PreviewNews = Exclude<PreviewHostMessage, { type: 'reply' }>;

export interface PreviewHost {
  /** Asks; rejects with the host's sentence, or when the host is silent for too long. */
  request<M extends PreviewMethod>(method: M, params: PreviewParams<M>): Promise<PreviewReply<M>>;
  ready(): void;
  trouble(text: string): void;
  /** What the panel remembers over a reload of the window. */
  readonly memory: { read(): unknown; write(state: unknown): void };
}

interface Pending {
  settle(reply: Extract<PreviewHostMessage, { type: 'reply' }>): void;
}

/** Connects to the host. Malformed messages are told to it and passed over. */
export function connectPreview(onNews: (news: PreviewNews) => void, silence: (method: string) => string): PreviewHost {
  const api = acquireVsCodeApi();
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let troubles = 0;
  const post = (message: PreviewPanelMessage): void => api.postMessage(packNumbers(message));
  const trouble = (text: string): void => {
    troubles += 1;
    // A flood of broken messages must not become a flood of complaints.
    if (troubles <= 20) post({ type: 'trouble', text });
  };
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const data = unpackNumbers(event.data);
    if (!isPreviewHostMessage(data)) trouble('A message of the host is malformed.');
    else if (data.type === 'reply') pending.get(data.id)?.settle(data);
    else onNews(data);
  });
  return {
    trouble,
    ready: () => post({ type: 'ready' }),
    memory: { read: () => api.getState(), write: (state) => api.setState(state) },
    request(method, params) {
      const id = nextId++;
      const { isReply, timeout } = previewRequests[method];
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(new Error(silence(method)));
        }, timeout);
        pending.set(id, {
          settle(reply) {
            clearTimeout(timer);
            pending.delete(id);
            if (!reply.ok) reject(new Error(reply.problem));
            else if (isReplyOf(method, isReply, reply.result)) resolve(reply.result);
            else reject(new Error('The answer of the host is malformed.'));
          },
        });
        api.postMessage(packNumbers({ type: 'request', id, method, params }));
      });
    },
  };
}

function isReplyOf<M extends PreviewMethod>(
  _method: M,
  guard: (value: unknown) => boolean,
  value: unknown,
): value is PreviewReply<M> {
  return guard(value);
}
