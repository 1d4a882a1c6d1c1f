// The command that turns a config of another tool into one of ours: asks for the file, writes beside it, opens both texts.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { safeName } from '../../config/newConfig.ts';
import { findDatasetInfo } from '../../data/datasetInfo.ts';
import { ProblemError } from '../../protocol/problem.ts';
import type { Texts } from '../texts.ts';
import { freeFile } from './wizard.ts';

/** Imports `given`, or the file that a person chooses; resolves to the new config, or undefined when they stopped. */
export async function importForeignConfig(
  texts: Texts,
  given: vscode.Uri | undefined,
): Promise<vscode.Uri | undefined> {
  const source = given ?? (await chooseFile());
  if (!source) return undefined;
  const text = await readFile(source.fsPath, 'utf8');
  const imported = await importWithTool(text, source.fsPath);
  if (!imported) return undefined;
  const name = safeName(path.basename(source.fsPath).replace(/\.[^.]+$/, ''));
  const file = await freeFile(path.dirname(source.fsPath), name);
  await writeFile(file, imported.text, { flag: 'wx' });
  const uri = vscode.Uri.file(file);
  await vscode.window.showTextDocument(uri, { preview: false });
  await showReport(texts, imported.lines);
  return uri;
}

async function importWithTool(text: string, file: string): Promise<{ text: string; lines: string[] } | undefined> {
  const { importConfig, reportLines, toolNames, toolTitles } = await import('../configTools.ts');
  const datasetInfo = await findDatasetInfo(file);
  const work = (from?: (typeof toolNames)[number]): { text: string; lines: string[] } => {
    const imported = importConfig(text, file, { from, datasetInfo });
    return { text: imported.text, lines: reportLines(imported.report) };
  };
  try {
    return work();
  } catch (error) {
    // Its names do not tell: the person may know.
    if (!(error instanceof ProblemError) || error.problems[0]?.code !== 'import/not-recognised') throw error;
    const items = toolNames.map((tool) => ({ label: toolTitles[tool], tool }));
    const placeHolder = vscode.l10n.t('Whose config is {0}?', path.basename(file));
    const chosen = await vscode.window.showQuickPick(items, { placeHolder });
    return chosen && work(chosen.tool);
  }
}

async function showReport(texts: Texts, lines: readonly string[]): Promise<void> {
  const viewColumn = vscode.ViewColumn.Beside;
  await texts.show(`${vscode.l10n.t('Import Report')}.txt`, `${lines.join('\n')}\n`, {
    viewColumn,
    preserveFocus: true,
  });
}

async function chooseFile(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Config of Axolotl, LLaMA-Factory, TRL or Unsloth'),
    openLabel: vscode.l10n.t('Import'),
    canSelectMany: false,
    filters: { [vscode.l10n.t('Configs, scripts and notebooks')]: ['yaml', 'yml', 'json', 'sh', 'py', 'ipynb'] },
  });
  return chosen?.[0];
}
