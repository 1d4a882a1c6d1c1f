// Commands about datasets, for the file in front, a file of the explorer, or a chosen one: open a preview, check all rows.

import * as vscode from 'vscode';
import { commandIds, type CommandId } from '../ids.ts';
import type { CommandHandler } from '../commands/runCommands.ts';
import type { Services } from '../services.ts';
import type { DatasetPreviews } from './datasetPreview.ts';

const endings = ['jsonl', 'ndjson', 'json', 'csv', 'tsv', 'parquet', 'gz'];

export function datasetCommands(
  previews: DatasetPreviews,
  services: Services,
): Partial<Record<CommandId, CommandHandler>> {
  return {
    [commandIds.previewDataset]: async (given) => {
      const uri =
        given instanceof vscode.Uri
          ? given
          : (activeDataset() ?? (await chosenDataset(vscode.l10n.t('Open Dataset Preview'))));
      if (uri) await previews.open(uri);
    },
    [commandIds.checkDataset]: async (given) => {
      (await import('../runActions.ts')).requireTrust();
      const uri =
        given instanceof vscode.Uri
          ? given
          : (activeDataset() ?? (await chosenDataset(vscode.l10n.t('Check Dataset'))));
      if (uri) await (await import('./checkDataset.ts')).checkDataset(uri, services.diagnostics);
    },
  };
}

function activeDataset(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  const ending = /\.(\w+)$/.exec(uri?.path.toLowerCase() ?? '')?.[1] ?? '';
  const isConfig = /\.finetune\.json$/i.test(uri?.path ?? '');
  return uri?.scheme === 'file' && endings.includes(ending) && !isConfig ? uri : undefined;
}

async function chosenDataset(title: string): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title,
    filters: { [vscode.l10n.t('Datasets')]: endings },
  });
  return chosen?.[0];
}
