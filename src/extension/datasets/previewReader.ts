// The file behind a preview: its process, what it last said, and a new one when that has failed.

import { isPreviewState } from '../../protocol/previewMessages.ts';
import type { PreviewState } from '../../protocol/previewViews.ts';
import type { PreviewProcess } from './previewProcess.ts';

export interface PreviewReader {
  /** Opens the file; again, by a new process, where that has failed or the process has ended. Never rejects. */
  open(): Promise<void>;
  /** As `PreviewProcess.ask`; rejects too when there is no process. */
  ask(method: string, params: object): Promise<unknown>;
  /** Undefined until the file is open. */
  state(): PreviewState | undefined;
  /** Why there is no state, or no longer one. */
  failure(): string | undefined;
  dispose(): void;
}

export interface PreviewListeners {
  /** `isFirst`: the file has just been opened. */
  readonly onState: (state: PreviewState, isFirst: boolean) => void;
  /** Told once for each process that failed. */
  readonly onFailure: (sentence: string) => void;
}

/**
 * `source` finds what the process is asked to open, while it starts. `start` is `startPreviewProcess`; `sentenceOf` words
 * what it rejects with.
 */
export function createPreviewReader(
  source: () => Promise<object>,
  start: (onState: (state: PreviewState) => void, onEnd: (sentence: string) => void) => PreviewProcess,
  sentenceOf: (error: unknown) => string,
  { onState, onFailure }: PreviewListeners,
): PreviewReader {
  let reader: PreviewProcess | undefined;
  let state: PreviewState | undefined;
  let failure: string | undefined;
  let isClosed = false;

  const open = async (): Promise<void> => {
    if (isClosed || (reader && failure === undefined)) return;
    failure = undefined;
    const isMine = (): boolean => reader === mine && failure === undefined && !isClosed;
    const take = (next: PreviewState): void => {
      if (!isMine()) return;
      const isFirst = state === undefined;
      state = next;
      onState(next, isFirst);
    };
    const fail = (sentence: string): void => {
      if (!isMine()) return;
      failure = sentence;
      state = undefined;
      mine.dispose();
      onFailure(sentence);
    };
    const mine = start(take, fail);
    reader = mine;
    try {
      const first = await mine.ask('open', await source());
      if (!isPreviewState(first)) throw new Error('The answer of the process that reads the file is malformed.');
      if (state === undefined) take(first);
    } catch (error) {
      fail(sentenceOf(error));
    }
  };

  return {
    open,
    ask: (method, params) =>
      reader && failure === undefined
        ? reader.ask(method, params)
        : Promise.reject(new Error(failure ?? 'The file is not open.')),
    state: () => state,
    failure: () => failure,
    dispose() {
      isClosed = true;
      reader?.dispose();
    },
  };
}
