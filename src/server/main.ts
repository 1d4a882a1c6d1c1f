// The language server's own process: `dist/server.js --stdio`, or `--node-ipc` as VS Code starts it.
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './serve.ts';

serve(createConnection(ProposedFeatures.all));
