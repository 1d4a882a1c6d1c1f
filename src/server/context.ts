// What every feature is handed: open documents, settings, folders, facts about the outside world, a log.
import {
  CodeLensRefreshRequest,
  DidChangeWatchedFilesNotification,
  InlayHintRefreshRequest,
  type ClientCapabilities,
  type Connection,
  type InitializeParams,
  type RemoteConsole,
} from 'vscode-languageserver/node';
import {
  checked,
  runEndedRequest,
  serverOptions,
  trustRequest,
  type EditorCommands,
} from '../protocol/languageRequests.ts';
import { englishPhrases, type Phrases } from '../protocol/phrases.ts';
import { docsLinks, type DocsLinks } from './docsLinks.ts';
import { openDocuments, type Documents } from './documents.ts';
import { openEstimates, type CostEstimates } from './estimates.ts';
import { fileOf } from './fileOf.ts';
import { openSettings, type Settings } from './settings.ts';
import { lookAround, type Surroundings } from './surroundings.ts';

export interface ServerContext {
  /** Configs and datasets that are open in the editor. */
  readonly documents: Documents;
  readonly settings: Settings;
  /** Files, models and data around a config. */
  readonly surroundings: Surroundings;
  /** Absolute paths of the workspace's folders. */
  readonly folders: () => readonly string[];
  /** Addresses of documentation pages. */
  readonly docs: DocsLinks;
  readonly log: RemoteConsole;
  /** The command by which the editor opens its completions again; undefined in editors that have none. */
  readonly suggestCommand: () => string | undefined;
  /** Commands for the line above a config; undefined in editors that have none. */
  readonly commands: () => EditorCommands | undefined;
  readonly phrases: () => Phrases;
  /** Whether something may be run for the configs of this workspace. */
  readonly isTrusted: () => boolean;
  /** What configs cost. */
  readonly estimates: CostEstimates;
  /** Runs `listener` when the editor is ready to be asked. */
  readonly onReady: (listener: (client: ClientCapabilities) => void) => void;
  /** Runs `listener` when something outside of the documents has changed or has come to be known. */
  readonly onNews: (listener: () => void) => void;
}

/** The context and its two moments of the handshake; only `serve` sees those. */
export interface OpenContext extends ServerContext {
  initialize(params: InitializeParams): void;
  initialized(): void;
}

/** Files whose coming and going changes what is right in a config. */
const watchedGlob = '**/*.{yaml,yml,jsonl,ndjson,json,parquet,gz,safetensors,gguf,jinja,jinja2,j2}';

export function createContext(connection: Connection): OpenContext {
  const settings = openSettings(connection);
  const documents = openDocuments(connection);
  const docs = docsLinks();
  const folders = new Map<string, string>();
  const newsListeners: (() => void)[] = [];
  const readyListeners: ((client: ClientCapabilities) => void)[] = [];
  let client: ClientCapabilities = {};
  const news = (): void => {
    for (const listener of newsListeners) listener();
  };
  const surroundings = lookAround(news);
  let suggestCommand: string | undefined;
  let commands: EditorCommands | undefined;
  let phrases: Phrases = englishPhrases;
  let isTrusted = true;
  let canWatch = false;
  let canListFolders = false;
  let canRefresh = { codeLens: false, inlayHint: false };

  const refresh = (): void => {
    const ask = (method: string): void => void connection.sendRequest(method).catch(() => undefined);
    if (canRefresh.codeLens) ask(CodeLensRefreshRequest.method);
    if (canRefresh.inlayHint) ask(InlayHintRefreshRequest.method);
  };
  const estimates = openEstimates({ folders: () => [...folders.values()], onChange: refresh });

  connection.onDidChangeWatchedFiles(({ changes }) => {
    // A run that goes on writes all the time: of it only the manifest counts, which tells that it has begun or ended.
    if (changes.some(({ uri }) => /\/\.finetune\/.*\/run\.json$/.test(uri))) estimates.lookForRuns();
    if (changes.every(({ uri }) => uri.includes('/.finetune/'))) return;
    surroundings.expire();
    news();
    refresh();
  });
  connection.onRequest(trustRequest.method, () => {
    isTrusted = true;
    refresh();
    return {};
  });
  connection.onRequest(runEndedRequest.method, () => {
    estimates.lookForRuns();
    return {};
  });
  connection.onShutdown(() => estimates.dispose());

  return {
    documents,
    settings,
    folders: () => [...folders.values()],
    docs,
    log: connection.console,
    surroundings,
    suggestCommand: () => suggestCommand,
    commands: () => commands,
    phrases: () => phrases,
    isTrusted: () => isTrusted,
    estimates,
    onReady: (listener) => void readyListeners.push(listener),
    onNews: (listener) => void newsListeners.push(listener),
    initialize(params) {
      client = params.capabilities;
      const { workspace } = params.capabilities;
      settings.initialize(workspace?.configuration === true, workspace?.didChangeConfiguration?.dynamicRegistration);
      canWatch = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
      canListFolders = workspace?.workspaceFolders === true;
      for (const { uri } of params.workspaceFolders ?? []) folders.set(uri, fileOf(uri) ?? uri);
      const given: unknown = params.initializationOptions;
      const options = checked(serverOptions, given ?? {}, 'initializationOptions');
      docs.use(options.docsLink);
      suggestCommand = options.suggestCommand;
      commands = options.commands;
      phrases = { ...englishPhrases, ...options.phrases };
      isTrusted = options.trusted !== false;
      canRefresh = {
        codeLens: workspace?.codeLens?.refreshSupport === true,
        inlayHint: workspace?.inlayHint?.refreshSupport === true,
      };
    },
    initialized() {
      settings.listen();
      for (const listener of readyListeners) listener(client);
      if (canWatch) {
        void connection.client.register(DidChangeWatchedFilesNotification.type, {
          watchers: [{ globPattern: watchedGlob }],
        });
      }
      if (!canListFolders) return;
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) folders.delete(uri);
        for (const { uri } of added) folders.set(uri, fileOf(uri) ?? uri);
      });
    },
  };
}
