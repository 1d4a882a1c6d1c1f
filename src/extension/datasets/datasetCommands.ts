// Commands about datasets, for the file in front, a file of the explorer, or a chosen one: open a preview, check or convert
// all rows.

import path from 'node:path';
import * as vscode from 'vscode';
import { commandIds, type CommandId } from '../ids.ts';
import type { CommandHandler } from '../commands/runCommands.ts';
import { requireTrust } from '../runActions.ts';
import type { Services } from '../services.ts';
import { findConfigs } from '../start/configs.ts';
import type { DatasetPreviews } from './datasetPreview.ts';
import { startPreviewProcess } from './previewProcess.ts';

const endings = ['jsonl', 'ndjson', 'json', 'csv', 'tsv', 'parquet', 'gz'];

export function datasetCommands(previews: DatasetPreviews, services: Services) {
  return {
    [commandIds.previewDataset]: async (given) => {
      const uri =
        given instanceof vscode.Uri
          ? given
          : (activeDataset() ?? (await chosenDataset(vscode.l10n.t('Open Dataset Preview'))));
      if (uri) await previews.open(uri);
    },
    [commandIds.convertDataset]: async (given) => {
      const uri =
        given instanceof vscode.Uri
          ? given
          : (activeDataset() ?? (await chosenDataset(vscode.l10n.t('Convert Dataset'))));
      if (uri) await convert(uri);
    },
    [commandIds.checkDataset]: async (given) => {
      requireTrust();
      const uri =
        given instanceof vscode.Uri
          ? given
          : (activeDataset() ?? (await chosenDataset(vscode.l10n.t('Check Dataset'))));
      if (uri) await (await import('../onDemand.ts')).checkDataset(uri, services.diagnostics);
    },
  } satisfies Partial<Record<CommandId, CommandHandler>>;
}

/** Without a preview: the process that reads the file is there for this conversion alone. */
async function convert({ fsPath: file }: vscode.Uri): Promise<void> {
  const { convertDataset } = await import('../onDemand.ts');
  const configs = (await findConfigs()).map(({ fsPath }) => ({ file: fsPath, name: fsPath }));
  const ignore = (): undefined => undefined;
  const reader = startPreviewProcess(ignore, ignore);
  try {
    await reader.ask('open', { file, name: path.basename(file), configs });
    await convertDataset(file, (method, params) => reader.ask(method, params));
  } finally {
    reader.dispose();
  }
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
