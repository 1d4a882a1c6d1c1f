// Serves one editor over one connection: says what the server can do, and hands every feature what it needs.
import type { Connection, InitializeParams, InitializeResult } from 'vscode-languageserver/node';
import packageJson from '../../package.json' with { type: 'json' };
import { createContext } from './context.ts';
import { features } from './handlers/table.ts';
import { capabilitiesOf } from './handlers/feature.ts';

/** Registers everything and begins to listen; the connection ends the process when the editor is gone. */
export function serve(connection: Connection): void {
  const context = createContext(connection);
  connection.onInitialize((params: InitializeParams): InitializeResult => {
    context.initialize(params);
    return {
      capabilities: capabilitiesOf(features, params.capabilities),
      serverInfo: { name: 'Fine-Tune Workbench', version: packageJson.version },
    };
  });
  connection.onInitialized(() => context.initialized());
  for (const feature of features) feature.register(connection, context);
  connection.listen();
}
