// Two to ten runs beside each other in one panel.

import * as vscode from 'vscode';
import type { ComparedRun } from '../../protocol/panelViews.ts';
import { readPanelMessage, type HostMessage, type PanelRequestMessage } from '../../protocol/webviewMessages.ts';
import { packNumbers, unpackNumbers } from '../../protocol/wireNumbers.ts';
import type { ReadableRun } from '../../runs/runRecord.ts';
import { sentenceOf } from '../failures.ts';
import { panelIds } from '../ids.ts';
import type { Services } from '../services.ts';
import { panelHtml, webviewFolder } from './html.ts';
import { answerRunRequest } from './panelRequests.ts';
import type { RunFeed } from './runFeed.ts';
import { feedOf } from './runFeeds.ts';
import { snapshotFailure } from './snapshotFailure.ts';

/** Time between two looks at the runs, in milliseconds. */
const interval = 1000;

/** How long the panel waits for long logs, in milliseconds, before it is shown what has been read so far. */
const patience = 500;

/** Malformed messages that are told in the log, for each panel. */
const toldTroubles = 20;

export const mostCompared = 10;

interface Member {
  readonly feed: RunFeed;
  readonly knownRows: Set<string>;
}

/** Opens a compare panel, and restores one after a reload. */
export function createComparisons(services: Pick<Services, 'context' | 'library' | 'log'>, all: () => Services) {
  const { context, library } = services;
  const serializer = vscode.window.registerWebviewPanelSerializer(panelIds.compare, {
    async deserializeWebviewPanel(panel, state: unknown) {
      await library.listed();
      const ids = runIdsOf(state);
      const runs = library.runs().filter((run): run is ReadableRun => run.kind === 'run' && ids.includes(run.id));
      if (runs.length < 2) panel.dispose();
      else feedPanel(panel, runs, all());
    },
  });
  return {
    open(folders: readonly string[]): void {
      const runs = folders
        .map((folder) => library.get(folder))
        .filter((run): run is ReadableRun => run?.kind === 'run')
        .slice(0, mostCompared);
      if (runs.length < 2) throw new Error(vscode.l10n.t('Choose two to {0} runs to compare.', mostCompared));
      const title = vscode.l10n.t('Compare {0} Runs', runs.length);
      const options = { enableScripts: true, localResourceRoots: [webviewFolder(context.extensionUri)] };
      feedPanel(
        vscode.window.createWebviewPanel(panelIds.compare, title, vscode.ViewColumn.Active, options),
        runs,
        all(),
      );
    },
    dispose(): void {
      serializer.dispose();
    },
  };
}

function feedPanel(panel: vscode.WebviewPanel, runs: readonly ReadableRun[], services: Services): void {
  const { library, log, context } = services;
  const members = new Map<string, Member>();
  for (const run of runs) members.set(run.id, { feed: feedOf(run, library, log), knownRows: new Set() });
  let revision = 0;
  let ready = false;
  let closed = false;
  let troubles = 0;
  let timer: NodeJS.Timeout | undefined;

  const recordOf = (id: string): ReadableRun | undefined => {
    const member = members.get(id);
    const run = member && library.get(member.feed.folder);
    return run?.kind === 'run' ? run : undefined;
  };
  const post = (message: HostMessage): void => {
    if (!closed) void panel.webview.postMessage(packNumbers(message));
  };
  const trouble = (sentence: string): void => {
    if (++troubles <= toldTroubles) log.warn(`compare: ${sentence}`);
  };

  const sendSnapshot = async (): Promise<void> => {
    const feeds = [...members.values()].map(({ feed }) => feed);
    await Promise.all(feeds.map((feed) => feed.read(patience)));
    const compared: ComparedRun[] = [];
    for (const feed of feeds) {
      const { sections, page } = feed.snapshot();
      const { head, setup, now, evaluations, samples, result } = sections;
      compared.push({ head, setup, now, evaluations, samples, result, page });
    }
    revision += 1;
    const strings = vscode.l10n.bundle ?? {};
    post({ type: 'snapshot', panel: 'compare', revision, strings, locale: vscode.env.language, runs: compared });
  };

  /** Only while the panel is seen; a snapshot is sent when something changed. Ended runs may be resumed. */
  const follow = (): void => {
    clearTimeout(timer);
    if (closed || !ready || !panel.visible) return;
    timer = setTimeout(() => {
      changed()
        .then((any) => (any ? sendSnapshot() : undefined))
        .catch((error: unknown) => trouble(sentenceOf(error)))
        .finally(follow);
    }, interval);
  };

  const changed = async (): Promise<boolean> => {
    let any = false;
    for (const { feed } of members.values()) {
      await feed.read();
      any = feed.delta() !== undefined || any;
    }
    return any;
  };

  const answer = async (message: PanelRequestMessage): Promise<unknown> => {
    if (message.method === 'removeRun') {
      if (members.size <= 2) throw new Error(vscode.l10n.t('At least two runs are compared.'));
      members.delete(message.params.run);
      panel.title = vscode.l10n.t('Compare {0} Runs', members.size);
      await sendSnapshot();
      return { done: true };
    }
    const named = 'run' in message.params && typeof message.params.run === 'string' ? message.params.run : undefined;
    const id = named ?? [...members.keys()][0] ?? '';
    const member = members.get(id);
    const run = recordOf(id);
    if (!member || !run) throw new Error(vscode.l10n.t('The run {0} is not compared here.', id));
    return answerRunRequest(message, { services, run, ...member });
  };

  panel.iconPath = vscode.Uri.joinPath(context.extensionUri, 'resources', 'panel.svg');
  panel.webview.options = { enableScripts: true, localResourceRoots: [webviewFolder(context.extensionUri)] };
  panel.onDidChangeViewState(() => {
    if (!panel.visible) ready = false;
    follow();
  });
  panel.onDidDispose(() => {
    closed = true;
    clearTimeout(timer);
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
    } else if (message.type === 'request') {
      answer(message).then(
        (result) => post({ type: 'reply', id: message.id, ok: true, result }),
        (error: unknown) => post({ type: 'reply', id: message.id, ok: false, problem: sentenceOf(error) }),
      );
    } else trouble(message.type === 'trouble' ? message.text : message.problem);
  });
  panel.webview.html = panelHtml(panel.webview, context.extensionUri, 'compare', panel.title);
}

/** The runs that a restored panel showed: it keeps `{ runs: [<id>, …] }` as its state. */
function runIdsOf(state: unknown): string[] {
  if (typeof state !== 'object' || state === null || !('runs' in state) || !Array.isArray(state.runs)) return [];
  return state.runs.filter((id): id is string => typeof id === 'string');
}
