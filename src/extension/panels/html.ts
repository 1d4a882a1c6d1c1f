// The page of a panel: one script, one style sheet, and a policy that allows nothing else.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** Which bundle of dist/webview a panel loads. */
export type PanelKind = 'dashboard' | 'compare' | 'preview';

export function webviewFolder(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}

/** `state`: what a panel remembers from its start, given to its script as data. */
export function panelHtml(
  webview: vscode.Webview,
  extension: vscode.Uri,
  kind: PanelKind,
  title: string,
  state?: object,
): string {
  const file = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewFolder(extension), name)).toString();
  const nonce = randomBytes(16).toString('base64url');
  const { cspSource } = webview;
  const policy = [
    "default-src 'none'",
    `img-src ${cspSource}`,
    `font-src ${cspSource}`,
    // The toolkit asks the browser what it can do by a style element with this nonce.
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escaped(vscode.env.language)}">
  <head>
    <meta charset="UTF-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta property="csp-nonce" content="${nonce}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escaped(title)}</title>
    <link rel="stylesheet" href="${file(`${kind}.css`)}" />
  </head>
  <body>
    <main id="root"${state === undefined ? '' : ` data-state="${escaped(JSON.stringify(state))}"`}></main>
    <script type="module" nonce="${nonce}" src="${file(`${kind}.js`)}"></script>
  </body>
</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
