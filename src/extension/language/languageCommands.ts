// Commands around the language server: pages of the documentation, the effective config, a restart.

import * as vscode from 'vscode';
import { packageFile } from '../../platform/packageFile.ts';
import { effectiveConfigRequest } from '../../protocol/languageRequests.ts';
import { commandIds, type CommandId } from '../ids.ts';
import type { Services } from '../services.ts';
import { activeConfig } from '../start/configs.ts';
import type { CommandHandler } from '../commands/runCommands.ts';

export function languageCommands(services: Services) {
  return {
    [commandIds.openDocs]: async (page, anchor) => openDocs(page, anchor),
    [commandIds.showEffectiveConfig]: async () => showEffectiveConfig(services),
    [commandIds.restartLanguageServer]: async () => services.language.restart(),
  } satisfies Partial<Record<CommandId, CommandHandler>>;
}

/** Opens a page that came with the extension in the editor's own preview, at a section. */
async function openDocs(page: unknown, anchor: unknown): Promise<void> {
  const name = typeof page === 'string' && /^[\w-]+$/.test(page) ? page : 'editor';
  const section = typeof anchor === 'string' && /^[\w.-]+$/.test(anchor) ? anchor : '';
  const file = vscode.Uri.file(packageFile(`docs/${name}.md`));
  await vscode.commands.executeCommand('markdown.showPreviewToSide', file.with({ fragment: section }));
}

async function showEffectiveConfig({ language, texts }: Services): Promise<void> {
  const config = activeConfig();
  if (!config) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Open a config first.'));
    return;
  }
  const { text } = await language.ask(effectiveConfigRequest, { uri: config.toString() });
  if (text === null) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('This config has errors. Mend them first: they are in the Problems view.'),
    );
    return;
  }
  await texts.show(`${vscode.l10n.t('Effective Config')}.yaml`, text, { viewColumn: vscode.ViewColumn.Beside });
}
