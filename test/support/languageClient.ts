// An LSP client for tests and benchmarks: talks to the server in this process, or to a program over stdio.
import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  createConnection,
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  ProposedFeatures,
  PublishDiagnosticsNotification,
  RegistrationRequest,
  ConfigurationRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type Diagnostic,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
  type Registration,
  type TextDocumentClientCapabilities,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { serve } from '../../src/server/serve.ts';

export interface TestClient {
  readonly connection: ProtocolConnection;
  /** Process that serves. */
  readonly pid: number;
  /** Rejects when the server ends without having been told to. */
  readonly ended: Promise<never>;
  readonly server: InitializeResult;
  /** What the server has registered since the handshake. */
  readonly registered: readonly Registration[];
  open(uri: string, languageId: string, text: string): void;
  /** Replaces a range (by default the whole text) and returns the new version. */
  edit(uri: string, newText: string, range?: Range): number;
  text(uri: string): string;
  /** Diagnostics of the newest version, once they have come. */
  diagnostics(uri: string): Promise<readonly Diagnostic[]>;
  /** The next diagnostics of the newest version that satisfy a condition. */
  until(uri: string, accepts: (found: readonly Diagnostic[]) => boolean): Promise<readonly Diagnostic[]>;
  stop(): Promise<void>;
}

export interface ClientOptions {
  /** What the editor answers for the section `finetune`. */
  readonly settings?: object;
  readonly initializationOptions?: object;
  /** Path of the workspace's folder. */
  readonly folder?: string;
  /** What the editor can do with documents, besides completions with snippets. */
  readonly textDocument?: TextDocumentClientCapabilities;
}

/** Serves inside this process, so that coverage, debuggers and fake surroundings reach the server. */
export async function serveHere(options: ClientOptions = {}): Promise<TestClient> {
  const [there, back] = [new PassThrough(), new PassThrough()];
  serve(createConnection(ProposedFeatures.all, new StreamMessageReader(there), new StreamMessageWriter(back)));
  const connection = createProtocolConnection(new StreamMessageReader(back), new StreamMessageWriter(there));
  const stop = async (): Promise<void> => {
    await connection.sendRequest(ShutdownRequest.type);
    connection.dispose();
  };
  return begin(connection, options, { pid: process.pid, ended: new Promise<never>(() => undefined), stop });
}

/** Starts a program such as `node dist/server.js --stdio` and talks to it as any editor does. */
export async function serveProgram(args: readonly string[], options: ClientOptions = {}): Promise<TestClient> {
  const child = spawn(process.execPath, [...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  let isStopping = false;
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      if (!isStopping) reject(new Error(`The server ended by itself, with exit code ${code}.`));
    });
  });
  ended.catch(() => undefined);
  const stop = async (): Promise<void> => {
    isStopping = true;
    if (child.exitCode !== null) return;
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await connection.sendRequest(ShutdownRequest.type);
    await connection.sendNotification(ExitNotification.type);
    const code = await exited;
    connection.dispose();
    if (code !== 0) throw new Error(`The server ended with exit code ${code}.`);
  };
  return begin(connection, options, { pid: child.pid ?? 0, ended, stop });
}

async function begin(
  connection: ProtocolConnection,
  { settings = {}, initializationOptions, folder, textDocument }: ClientOptions,
  process: Pick<TestClient, 'pid' | 'ended' | 'stop'>,
): Promise<TestClient> {
  const documents = new Map<string, TextDocument>();
  const told = new Map<string, PublishDiagnosticsParams>();
  const waiting = new Set<() => void>();
  const registered: Registration[] = [];
  connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
    told.set(params.uri, params);
    for (const look of [...waiting]) look();
  });
  connection.onRequest(ConfigurationRequest.type, ({ items }) => items.map(() => settings));
  connection.onRequest(RegistrationRequest.type, ({ registrations }) => {
    registered.push(...registrations);
    for (const look of [...waiting]) look();
  });
  connection.listen();
  const server = await connection.sendRequest<InitializeResult>(InitializeRequest.method, {
    processId: null,
    capabilities: {
      workspace: {
        configuration: true,
        workspaceFolders: true,
        didChangeWatchedFiles: { dynamicRegistration: true },
        didChangeConfiguration: { dynamicRegistration: true },
      },
      textDocument: { completion: { completionItem: { snippetSupport: true } }, ...textDocument },
    },
    workspaceFolders: folder === undefined ? null : [{ uri: pathToFileURL(folder).href, name: 'tested' }],
    ...(initializationOptions ? { initializationOptions } : {}),
  });
  await connection.sendNotification(InitializedNotification.type, {});

  const until: TestClient['until'] = (uri, accepts) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = told.get(uri);
        if (found?.version !== documents.get(uri)?.version || !found || !accepts(found.diagnostics)) return;
        waiting.delete(look);
        resolve(found.diagnostics);
      };
      waiting.add(look);
      look();
    });

  return {
    connection,
    server,
    registered,
    open(uri, languageId, text) {
      documents.set(uri, TextDocument.create(uri, languageId, 1, text));
      void connection.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri, languageId, version: 1, text },
      });
    },
    edit(uri, newText, range) {
      const document = documents.get(uri);
      if (!document) throw new Error(`${uri} is not open`);
      const changes = [range ? { range, text: newText } : { text: newText }];
      const version = document.version + 1;
      documents.set(uri, TextDocument.update(document, changes, version));
      void connection.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri, version },
        contentChanges: changes,
      });
      return version;
    },
    text: (uri) => documents.get(uri)?.getText() ?? '',
    diagnostics: (uri) => until(uri, () => true),
    until,
    ...process,
  };
}
