// The configs of the workspace: found, read, described in a line.

import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { checkConfig } from '../../config/check.ts';
import { parseConfig, type ParsedConfig } from '../../config/parse.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import type { Problem } from '../../protocol/problem.ts';

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

/** Reads and checks a config without opening model or data; takes the unsaved text when a document is given. */
export async function readConfig(
  uri: vscode.Uri,
  text?: string,
  overrides: readonly string[] = [],
): Promise<ParsedConfig> {
  const content = text ?? (await readFile(uri.fsPath, 'utf8'));
  const parsed = parseConfig(content, uri.fsPath, { environment: process.env, overrides });
  if (!parsed.config) return parsed;
  const problems: Problem[] = checkConfig(parsed.config, fileFacts(path.dirname(uri.fsPath)), parsed.positions);
  return { ...parsed, problems };
}

/** The run's name: the config's own, or its file's without the endings. */
export function configTitle(config: FinetuneConfig | undefined, file: string): string {
  return config?.name ?? path.basename(file).replace(configName, '');
}

/** What a config may name; paths are relative to its folder. Globs are left to the command line's check. */
function fileFacts(baseDirectory: string) {
  return {
    fileExists: (file: string) => existsSync(path.resolve(baseDirectory, file)),
    listFolder(folder: string) {
      try {
        return readdirSync(path.resolve(baseDirectory, folder));
      } catch {
        return [];
      }
    },
  };
}
