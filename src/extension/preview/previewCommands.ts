// Commands around dataset previews: open one for the file in front, for a file of the explorer, or for a chosen one.

import * as vscode from 'vscode';
import { commandIds, type CommandId } from '../ids.ts';
import type { CommandHandler } from '../commands/runCommands.ts';
import type { DatasetPreviews } from './datasetPreview.ts';

const endings = ['jsonl', 'ndjson', 'json', 'csv', 'tsv', 'parquet', 'gz'];

export function previewCommands(previews: DatasetPreviews): Partial<Record<CommandId, CommandHandler>> {
  return {
    [commandIds.previewDataset]: async (given) => {
      const uri = given instanceof vscode.Uri ? given : (activeDataset() ?? (await chosenDataset()));
      if (uri) await previews.open(uri);
    },
  };
}

function activeDataset(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  const ending = /\.(\w+)$/.exec(uri?.path.toLowerCase() ?? '')?.[1] ?? '';
  const isConfig = /\.finetune\.json$/i.test(uri?.path ?? '');
  return uri?.scheme === 'file' && endings.includes(ending) && !isConfig ? uri : undefined;
}

async function chosenDataset(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Open Dataset Preview'),
    filters: { [vscode.l10n.t('Datasets')]: endings },
  });
  return chosen?.[0];
}
