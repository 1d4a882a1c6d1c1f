// Texts to be read, such as what the doctor says: documents of no disk, so that closing one asks nothing.

import * as vscode from 'vscode';
import type { Disposable } from './disposables.ts';

const scheme = 'finetune-text';

export interface Texts extends Disposable {
  /** Opens a text under a name whose ending says its language; one of the same name is replaced. */
  show(name: string, text: string, options?: vscode.TextDocumentShowOptions): Promise<void>;
}

export function provideTexts(): Texts {
  const texts = new Map<string, string>();
  const changes = new vscode.EventEmitter<vscode.Uri>();
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changes.event,
    provideTextDocumentContent: (uri) => texts.get(uri.path),
  });
  return {
    async show(name, text, options = {}) {
      const uri = vscode.Uri.from({ scheme, path: `/${name}` });
      texts.set(uri.path, text);
      changes.fire(uri);
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { preview: true, ...options });
    },
    dispose() {
      provider.dispose();
      changes.dispose();
    },
  };
}
