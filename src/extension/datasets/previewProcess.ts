// The process that reads a dataset for a preview, on the editor's own Node: asked by messages, gone with its panel.

import { fork } from 'node:child_process';
import * as vscode from 'vscode';
import { isObject } from '../../protocol/guards.ts';
import { isPreviewState } from '../../protocol/previewMessages.ts';
import type { PreviewState } from '../../protocol/previewViews.ts';
import { packageFile } from '../../platform/packageFile.ts';
import { childEnvironment } from '../programs.ts';

export interface PreviewProcess {
  /** Rejects with the sentence of the process, or when it has ended. */
  ask(method: string, params: object): Promise<unknown>;
  dispose(): void;
}

/** Memory that the process may use for objects, in megabytes: a preview must never take the machine. */
const heapLimit = 1024;

/** `onEnd` is told when the process ends by itself. */
export function startPreviewProcess(
  onState: (state: PreviewState) => void,
  onEnd: (sentence: string) => void,
): PreviewProcess {
  const child = fork(packageFile('dist/preview.js'), [], {
    env: childEnvironment(process.env, {}),
    execArgv: [`--max-old-space-size=${heapLimit}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let last = '';
  let ended = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    last = `${last}${text}`.slice(-2000);
  });
  child.on('message', (message: unknown) => {
    if (!isObject(message)) return;
    const { type, id, ok, result, problem, state } = message;
    if (type === 'state' && isPreviewState(state)) onState(state);
    if (type !== 'answer' || typeof id !== 'number') return;
    const asked = pending.get(id);
    pending.delete(id);
    if (ok === true) asked?.resolve(result);
    else asked?.reject(new Error(String(problem)));
  });
  const end = (sentence: string): void => {
    if (ended) return;
    ended = true;
    for (const { reject } of pending.values()) reject(new Error(sentence));
    pending.clear();
    onEnd(sentence);
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) =>
    end(
      vscode.l10n.t('The process that reads the file has ended ({0}). {1}', code ?? signal ?? '', wordsOf(last)).trim(),
    ),
  );
  return {
    ask(method, params) {
      if (ended) return Promise.reject(new Error(vscode.l10n.t('The process that reads the file has ended.')));
      const id = nextId++;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        child.send({ id, method, params });
      });
    },
    dispose() {
      ended = true;
      pending.clear();
      if (child.connected) child.disconnect();
    },
  };
}

/** The sentence in what a program of Node wrote when it died: the rest is its own code and a stack trace. */
function wordsOf(stderr: string): string {
  return /^(?:\w*Error|FATAL ERROR): .*$/m.exec(stderr)?.[0] ?? '';
}
