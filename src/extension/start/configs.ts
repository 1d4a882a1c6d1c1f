// The configs of the workspace: found, read, described in a line.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ParsedConfig } from '../../config/parse.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';

export const configGlob = '**/*.finetune.{yaml,yml,json}';
const excluded = '**/{node_modules,.finetune,.git}/**';
const configName = /\.finetune\.(ya?ml|json)$/i;

export function isConfigUri(uri: vscode.Uri): boolean {
  return uri.scheme === 'file' && configName.test(uri.path) && !uri.path.includes('/.finetune/');
}

/** Configs of the workspace, by path. */
export async function findConfigs(): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(configGlob, excluded, 500);
  return found.toSorted((a, b) => a.fsPath.localeCompare(b.fsPath));
}

/** The config in the editor in front, if it is one. */
export function activeConfig(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri && isConfigUri(uri) ? uri : undefined;
}

/** Reads and checks a config without opening model or data; takes the unsaved text when it is given. */
export async function readConfig(uri: vscode.Uri, text?: string): Promise<ParsedConfig> {
  const { readConfigText } = await import('../configTools.ts');
  return readConfigText(text ?? (await readFile(uri.fsPath, 'utf8')), uri.fsPath);
}

/** The run's name: the config's own, or its file's without the endings. */
export function configTitle(config: FinetuneConfig | undefined, file: string): string {
  return config?.name ?? path.basename(file).replace(configName, '');
}
