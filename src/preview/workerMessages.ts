// What the process of a preview and the one that started it say to each other.
import type { PreviewState } from '../protocol/previewViews.ts';

export interface SessionSource {
  /** Absolute path. */
  readonly file: string;
  /** Name in titles and messages. */
  readonly name: string;
  /** Configs of the workspace: absolute path and name. The first that names the file governs it. */
  readonly configs: readonly { readonly file: string; readonly name: string }[];
}

export interface SessionRequest {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

export type SessionAnswer =
  | { readonly type: 'answer'; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly ok: false; readonly problem: string };

export interface SessionTold {
  readonly type: 'state';
  readonly state: PreviewState;
}
