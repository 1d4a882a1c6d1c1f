// What a feature of the server is: capabilities that it announces, and handlers that it registers.
import {
  TextDocumentSyncKind,
  type CancellationToken,
  type ClientCapabilities,
  type Connection,
  type ServerCapabilities,
} from 'vscode-languageserver/node';
import { checked, type LanguageRequest } from '../../protocol/languageRequests.ts';
import type { ServerContext } from '../context.ts';

/**
 * One LSP method has one handler: a feature that answers for configs and for datasets does so in one file, and asks
 * `context.documents` which of them it is looking at.
 */
export interface Feature {
  readonly capabilities: ServerCapabilities | ((client: ClientCapabilities) => ServerCapabilities);
  readonly register: (connection: Connection, context: ServerContext) => void;
}

/** Text is synchronised by edits; each feature adds its own. */
export function capabilitiesOf(features: readonly Feature[], client: ClientCapabilities): ServerCapabilities {
  return Object.assign(
    { textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true } },
    ...features.map(({ capabilities }) => (typeof capabilities === 'function' ? capabilities(client) : capabilities)),
  ) as ServerCapabilities;
}

/** Answers a request of `protocol/languageRequests.ts`; params that are malformed are refused. */
export function answer<Params, Result>(
  connection: Connection,
  request: LanguageRequest<Params, Result>,
  work: (params: Params, token: CancellationToken) => Result | Promise<Result>,
): void {
  connection.onRequest(request.method, async (params: unknown, token: CancellationToken): Promise<unknown> =>
    work(checked(request.params, params, `The request ${request.method}`), token),
  );
}
