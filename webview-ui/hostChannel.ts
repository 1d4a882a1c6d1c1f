// The way between a panel and its host: checked messages in, requests with replies and time limits out.

import { packNumbers, unpackNumbers } from '../src/protocol/wireNumbers.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** What every host of a panel may answer to a request. */
export type HostReply = { readonly type: 'reply'; readonly id: number } & (
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly problem: string }
);

export interface ChannelOptions<News> {
  readonly isMessage: (value: unknown) => value is News | HostReply;
  readonly onNews: (news: News) => void;
  /** The sentence for a host that is silent for too long. */
  readonly silence: (method: string) => string;
}

export interface HostChannel {
  /**
   * Asks, and waits for `timeout` milliseconds at most. Rejects with the host's sentence, when it is silent for too long,
   * and when its answer is none.
   */
  readonly ask: <Reply>(
    method: string,
    params: unknown,
    timeout: number,
    isReply: (value: unknown) => value is Reply,
  ) => Promise<Reply>;
  /** Asks for a snapshot. */
  readonly ready: () => void;
  readonly trouble: (text: string) => void;
  /** What the panel remembers over being hidden and over a reload of the window. */
  readonly memory: { read(): unknown; write(state: unknown): void };
}

/** A flood of broken messages must not become a flood of complaints. */
const toldTroubles = 20;

/** Connects to the host. Malformed messages are told to it and passed over. */
export function openChannel<News extends { readonly type: string }>({
  isMessage,
  onNews,
  silence,
}: ChannelOptions<News>): HostChannel {
  const api = acquireVsCodeApi();
  const pending = new Map<number, (reply: HostReply) => void>();
  let nextId = 1;
  let troubles = 0;
  const post = (message: Readonly<Record<string, unknown>>): void => api.postMessage(packNumbers(message));
  const trouble = (text: string): void => {
    troubles += 1;
    if (troubles <= toldTroubles) post({ type: 'trouble', text });
  };

  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const data = unpackNumbers(event.data);
    if (!isMessage(data)) trouble('A message of the host is malformed.');
    else if (isHostReply(data)) pending.get(data.id)?.(data);
    else onNews(data);
  });

  return {
    trouble,
    ready: () => post({ type: 'ready' }),
    memory: { read: () => api.getState(), write: (state) => api.setState(state) },
    ask(method, params, timeout, isReply) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(new Error(silence(method)));
        }, timeout);
        pending.set(id, (reply) => {
          clearTimeout(timer);
          pending.delete(id);
          if (!reply.ok) reject(new Error(reply.problem));
          else if (isReply(reply.result)) resolve(reply.result);
          else reject(new Error('The answer of the host is malformed.'));
        });
        post({ type: 'request', id, method, params });
      });
    },
  };
}

function isHostReply<News extends { readonly type: string }>(message: News | HostReply): message is HostReply {
  return message.type === 'reply';
}
