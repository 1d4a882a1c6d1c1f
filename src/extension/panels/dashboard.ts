// The dashboard of a run: one panel a run, fed only while it is seen, and put back after a reload.

import * as vscode from 'vscode';
import type { Disposable } from '../disposables.ts';
import { readPanelMessage, type HostMessage, type PanelRequestMessage } from '../../protocol/webviewMessages.ts';
import { packNumbers, unpackNumbers } from '../../protocol/wireNumbers.ts';
import { isLive, runTitle, type ReadableRun } from '../../runs/runRecord.ts';
import { sentenceOf } from '../failures.ts';
import { panelIds } from '../ids.ts';
import type { Services } from '../services.ts';
import { panelHtml, webviewFolder } from './html.ts';
import { answerRunRequest } from './panelRequests.ts';
import { feedOf } from './runFeeds.ts';
import { snapshotFailure } from './snapshotFailure.ts';

/** Time between two deltas, in milliseconds; an ended run is looked at less often, since someone may resume it. */
const liveInterval = 100;
const endedInterval = 1000;

/** How long a panel waits for a long log, in milliseconds, before it is shown what has been read so far. */
const patience = 250;

/** Malformed messages that are told in the log, for each panel. */
const toldTroubles = 20;

export interface Dashboards extends Disposable {
  open(folder: string): Promise<void>;
}

/** Opens dashboards and restores those of the last session. */
export function createDashboards(
  services: Pick<Services, 'context' | 'log' | 'library'>,
  all: () => Services,
): Dashboards {
  const { context, library, log } = services;
  const panels = new Map<string, vscode.WebviewPanel>();

  const show = (panel: vscode.WebviewPanel, run: ReadableRun): void => {
    panels.set(run.folder, panel);
    panel.onDidDispose(() => panels.delete(run.folder));
    feedPanel(panel, run, all());
  };

  const serializer = vscode.window.registerWebviewPanelSerializer(panelIds.dashboard, {
    async deserializeWebviewPanel(panel, state: unknown) {
      await library.listed();
      const run = library.runs().find(({ id }) => id === runIdOf(state));
      // A run that is gone leaves no empty panel behind.
      if (run?.kind !== 'run' || panels.has(run.folder)) panel.dispose();
      else show(panel, run);
    },
  });

  return {
    async open(folder) {
      const known = panels.get(folder);
      if (known) {
        known.reveal();
        return;
      }
      await library.refresh(folder);
      const run = library.get(folder);
      if (run?.kind !== 'run') {
        throw new Error(run ? run.problem.message : vscode.l10n.t('There is no run in {0} any more.', folder));
      }
      const options = { enableScripts: true, localResourceRoots: [webviewFolder(context.extensionUri)] };
      show(vscode.window.createWebviewPanel(panelIds.dashboard, runTitle(run), vscode.ViewColumn.Active, options), run);
      log.debug(`dashboard of ${folder}`);
    },
    dispose() {
      serializer.dispose();
      for (const panel of panels.values()) panel.dispose();
    },
  };
}

/** Keeps one panel true until it is closed. */
function feedPanel(panel: vscode.WebviewPanel, first: ReadableRun, services: Services): void {
  const { context, library, log } = services;
  const feed = feedOf(first, library, log);
  const knownRows = new Set<string>();
  let revision = 0;
  let ready = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let troubles = 0;

  const run = (): ReadableRun => {
    const now = library.get(first.folder);
    return now?.kind === 'run' ? now : first;
  };
  const post = (message: HostMessage): void => {
    if (!closed) void panel.webview.postMessage(packNumbers(message));
  };
  const trouble = (sentence: string): void => {
    if (++troubles <= toldTroubles) log.warn(`dashboard of ${first.id}: ${sentence}`);
  };

  const sendSnapshot = async (): Promise<void> => {
    await feed.read(patience);
    revision += 1;
    post({
      type: 'snapshot',
      panel: 'dashboard',
      revision,
      strings: vscode.l10n.bundle ?? {},
      locale: vscode.env.language,
      ...feed.snapshot(),
    });
  };

  const sendDelta = async (): Promise<void> => {
    await feed.read(patience);
    if (!panel.visible) return; // meanwhile it was hidden
    const delta = feed.delta();
    if (delta === 'reset') await sendSnapshot();
    else if (delta) post({ type: 'delta', panel: 'dashboard', revision: ++revision, ...delta });
    if (closed) return;
    const title = runTitle(run());
    if (panel.title !== title) panel.title = title;
  };

  /** Nothing runs while the panel is hidden: it is made anew when it is seen again, and says ready. */
  const follow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (closed || !ready || !panel.visible) return;
    timer = setTimeout(
      () => {
        sendDelta()
          .catch((error: unknown) => trouble(sentenceOf(error)))
          .finally(follow);
      },
      isLive(run()) ? liveInterval : endedInterval,
    );
  };

  const answer = async (message: PanelRequestMessage): Promise<void> => {
    try {
      const result = await answerRunRequest(message, { services, run: run(), feed, knownRows });
      post({ type: 'reply', id: message.id, ok: true, result });
    } catch (error) {
      trouble(`${message.method}: ${sentenceOf(error)}`);
      post({ type: 'reply', id: message.id, ok: false, problem: sentenceOf(error) });
    }
    // What was done is seen at once; charts ask for pages often, and that changes nothing.
    if (message.method === 'series' || message.method === 'rowsOfStep' || message.method === 'readLog') return;
    await library.refresh(first.folder).catch((error: unknown) => trouble(sentenceOf(error)));
  };

  panel.iconPath = vscode.Uri.joinPath(context.extensionUri, 'resources', 'panel.svg');
  panel.webview.options = { enableScripts: true, localResourceRoots: [webviewFolder(context.extensionUri)] };
  panel.onDidChangeViewState(() => {
    if (!panel.visible) ready = false;
    follow();
  });
  panel.webview.onDidReceiveMessage((value: unknown) => {
    const message = readPanelMessage(unpackNumbers(value));
    if (message.type === 'ready') {
      sendSnapshot()
        .then(() => {
          ready = true;
          follow();
        })
        .catch((error: unknown) => {
          trouble(sentenceOf(error));
          post(snapshotFailure(error));
        });
    } else if (message.type === 'request') void answer(message);
    else trouble(message.type === 'trouble' ? message.text : message.problem);
  });
  const listener = library.onDidChange(({ changed }) => {
    // An ended run that goes on again is followed at once.
    if (changed.includes(first.folder)) follow();
  });
  panel.onDidDispose(() => {
    closed = true;
    clearTimeout(timer);
    listener.dispose();
  });
  // The log is read while the page loads; a failure is told when the page asks for a snapshot.
  feed.read().catch(() => undefined);
  panel.webview.html = panelHtml(panel.webview, context.extensionUri, 'dashboard', runTitle(first));
}

/** The run that a restored panel showed: the panel keeps `{ run: <id> }` as its state. */
function runIdOf(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('run' in state)) return undefined;
  return typeof state.run === 'string' ? state.run : undefined;
}
