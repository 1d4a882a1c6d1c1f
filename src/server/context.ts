// What every feature is handed: open documents, settings, folders, facts about the outside world, a log.
import {
  DidChangeWatchedFilesNotification,
  type Connection,
  type InitializeParams,
  type RemoteConsole,
} from 'vscode-languageserver/node';
import { checked, serverOptions } from '../protocol/languageRequests.ts';
import { docsLinks, type DocsLinks } from './docsLinks.ts';
import { openDocuments, type Documents } from './documents.ts';
import { fileOf } from './fileOf.ts';
import { openSettings, type Settings } from './settings.ts';

export interface ServerContext {
  /** Configs and datasets that are open in the editor. */
  readonly documents: Documents;
  readonly settings: Settings;
  /** Absolute paths of the workspace's folders. */
  readonly folders: () => readonly string[];
  /** Addresses of documentation pages. */
  readonly docs: DocsLinks;
  readonly log: RemoteConsole;
  /** Runs `listener` when files that configs may name were made, changed or removed outside the editor's documents. */
  readonly onFilesChanged: (listener: () => void) => void;
}

/** The context and its two moments of the handshake; only `serve` sees those. */
export interface OpenContext extends ServerContext {
  initialize(params: InitializeParams): void;
  initialized(): void;
}

/** Files whose coming and going changes what is right in a config. */
const watchedGlob = '**/*.{jsonl,ndjson,json,parquet,gz,safetensors,gguf,jinja,jinja2,j2}';

export function createContext(connection: Connection): OpenContext {
  const settings = openSettings(connection);
  const documents = openDocuments(connection);
  const docs = docsLinks();
  const folders = new Map<string, string>();
  const fileListeners: (() => void)[] = [];
  let canWatch = false;
  let canListFolders = false;

  connection.onDidChangeWatchedFiles(() => {
    for (const listener of fileListeners) listener();
  });

  return {
    documents,
    settings,
    folders: () => [...folders.values()],
    docs,
    log: connection.console,
    onFilesChanged: (listener) => void fileListeners.push(listener),
    initialize(params) {
      const { workspace } = params.capabilities;
      settings.initialize(workspace?.configuration === true, workspace?.didChangeConfiguration?.dynamicRegistration);
      canWatch = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
      canListFolders = workspace?.workspaceFolders === true;
      for (const { uri } of params.workspaceFolders ?? []) folders.set(uri, fileOf(uri) ?? uri);
      const options: unknown = params.initializationOptions;
      docs.use(checked(serverOptions, options ?? {}, 'initializationOptions').docsLink);
    },
    initialized() {
      settings.listen();
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
