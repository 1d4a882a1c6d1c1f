// The torch engine's environment is made in a terminal: there one reads what will be installed, agrees, and sees it come.

import * as vscode from 'vscode';
import { packageFile } from '../../platform/packageFile.ts';
import { requireTrust } from '../runActions.ts';
import { settings } from '../settings.ts';

export function setUpTorch(): void {
  requireTrust();
  const terminal = vscode.window.createTerminal({
    name: vscode.l10n.t('Set Up Torch Engine'),
    iconPath: new vscode.ThemeIcon('desktop-download'),
    // The editor's own program acts as Node, so that nobody needs one.
    shellPath: process.execPath,
    shellArgs: [packageFile('dist/cli.js'), 'setup', 'torch', '--wait'],
    env: { ...settings.environment(), ELECTRON_RUN_AS_NODE: '1' },
    isTransient: true,
  });
  terminal.show();
}
