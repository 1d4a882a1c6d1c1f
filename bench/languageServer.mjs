// The built language server over stdio, driven like any editor does, for programs that measure it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver-protocol/node';

/**
 * Starts the server. `onDiagnostics` is told a version and its diagnostics; `initialize` is added to the parameters of the
 * request of that name.
 */
export async function startServer(onDiagnostics, initialize = {}) {
  const child = spawn(process.execPath, ['dist/server.js', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.onNotification('textDocument/publishDiagnostics', ({ version, diagnostics }) =>
    onDiagnostics(version, diagnostics),
  );
  connection.onRequest('workspace/configuration', ({ items }) => items.map(() => ({})));
  connection.onRequest('client/registerCapability', () => null);
  connection.listen();
  const capabilities = { workspace: { configuration: true, workspaceFolders: true } };
  await connection.sendRequest('initialize', { processId: null, capabilities, workspaceFolders: null, ...initialize });
  await connection.sendNotification('initialized', {});
  return {
    connection,
    open: (uri, languageId, text) =>
      connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } }),
    /** Puts `text` in place of `removed` characters. */
    change: (uri, version, { line, character }, text, removed) =>
      connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [
          { range: { start: { line, character }, end: { line, character: character + removed } }, text },
        ],
      }),
    async stop() {
      await connection.sendRequest('shutdown');
      const ended = once(child, 'exit');
      await connection.sendNotification('exit');
      await ended;
      connection.dispose();
    },
  };
}

/** The value that a share of the values does not exceed. */
export function percentile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1];
}
