// The way to a first config: model, data, method, name. Writes a commented file and opens it.

import { access, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { newConfigText, safeName, type NewConfig } from '../../config/newConfig.ts';
import { readPart } from '../../runs/regularFile.ts';
import { detectInText } from './dataFormat.ts';

/** Asks what a config needs; the new file, or undefined when the person stopped. */
export async function createConfig(): Promise<vscode.Uri | undefined> {
  const folder = await chooseFolder();
  if (!folder) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('Open a folder first: the config and its runs are kept in it.'),
    );
    return undefined;
  }
  const model = await chooseModel(folder.uri);
  if (model === undefined) return undefined;
  const data = await chooseData(folder.uri);
  if (data === undefined) return undefined;
  const method = await chooseMethod();
  if (!method) return undefined;
  const name = await chooseName(path.basename(data).replace(/\..*$/, ''));
  if (name === undefined) return undefined;
  return writeConfig(folder.uri, { name, model, data, method });
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length <= 1) return folders[0];
  return vscode.window.showWorkspaceFolderPick({ placeHolder: vscode.l10n.t('Folder for the config and its runs') });
}

interface ValueItem extends vscode.QuickPickItem {
  readonly value?: string;
}

const step = (number: number): string => vscode.l10n.t('New Fine-Tune Config ({0}/4)', number);

async function chooseModel(folder: vscode.Uri): Promise<string | undefined> {
  const local = await localModels(folder);
  const hub = [
    'HuggingFaceTB/SmolLM2-135M-Instruct',
    'Qwen/Qwen2.5-0.5B-Instruct',
    'HuggingFaceTB/SmolLM2-360M-Instruct',
  ];
  const items: ValueItem[] = [
    ...local.map((value) => ({ label: value, description: vscode.l10n.t('in this folder'), value })),
    ...hub.map((value) => ({ label: value, description: vscode.l10n.t('Hugging Face, is downloaded'), value })),
    { label: vscode.l10n.t('Another model …'), alwaysShow: true },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: step(1),
    ignoreFocusOut: true,
    placeHolder: vscode.l10n.t('Model to fine-tune'),
    matchOnDescription: true,
  });
  if (!chosen || chosen.value !== undefined) return chosen?.value;
  return vscode.window.showInputBox({
    title: step(1),
    ignoreFocusOut: true,
    prompt: vscode.l10n.t('A Hugging Face id (owner/name), or a folder or .gguf file that begins with ./ or /'),
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('Write a model.') : undefined),
  });
}

/** Folders with config.json and safetensors, and .gguf files, as a config names them. */
async function localModels(folder: vscode.Uri): Promise<string[]> {
  const inFolder = new vscode.RelativePattern(folder, '**/{config.json,*.gguf}');
  const found = await vscode.workspace.findFiles(inFolder, '**/{node_modules,.finetune,.git}/**', 50);
  const models: string[] = [];
  for (const { fsPath } of found) {
    const isFile = fsPath.endsWith('.gguf');
    const place = isFile ? fsPath : path.dirname(fsPath);
    const names = isFile ? [] : await readdir(place).catch(() => []);
    if (isFile || names.some((name) => name.endsWith('.safetensors'))) models.push(relativeName(folder, place));
  }
  return models.toSorted();
}

async function chooseData(folder: vscode.Uri): Promise<string | undefined> {
  const inFolder = new vscode.RelativePattern(folder, '**/*.{jsonl,ndjson,json,parquet,jsonl.gz}');
  const found = await vscode.workspace.findFiles(inFolder, '**/{node_modules,.finetune,.git,.vscode}/**', 100);
  const items: ValueItem[] = [];
  for (const { fsPath } of found.toSorted((a, b) => a.fsPath.localeCompare(b.fsPath))) {
    const format = await detectInFile(fsPath);
    if (format !== undefined)
      items.push({ label: relativeName(folder, fsPath), description: format, value: relativeName(folder, fsPath) });
  }
  const browse = vscode.l10n.t('Another file …');
  const chosen = await vscode.window.showQuickPick([...items, { label: browse, alwaysShow: true }], {
    title: step(2),
    ignoreFocusOut: true,
    placeHolder: vscode.l10n.t('Training rows: JSON Lines, a JSON array or Parquet'),
    matchOnDescription: true,
  });
  if (!chosen || chosen.value !== undefined) return chosen?.value;
  const [file] =
    (await vscode.window.showOpenDialog({ defaultUri: folder, title: step(2), canSelectMany: false })) ?? [];
  return file && relativeName(folder, file.fsPath);
}

/** The format of a data file for the description; undefined for a file that holds no rows. */
async function detectInFile(file: string): Promise<string | undefined> {
  if (file.endsWith('.parquet')) return 'Parquet';
  if (file.endsWith('.gz')) return 'gzip';
  const head = await readPart(file, 256 * 1024, 'start');
  const looks = detectInText(head?.bytes.toString('utf8') ?? '');
  return looks === 'unknown' ? undefined : looks;
}

async function chooseMethod(): Promise<NewConfig['method'] | undefined> {
  const items: (vscode.QuickPickItem & { readonly value: NewConfig['method'] })[] = [
    {
      label: 'LoRA',
      description: vscode.l10n.t('small matrices beside the weights: little memory, a small result'),
      value: 'lora',
    },
    {
      label: vscode.l10n.t('Full'),
      description: vscode.l10n.t('every weight: needs several times the memory of the model'),
      value: 'full',
    },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: step(3),
    placeHolder: vscode.l10n.t('Method'),
    ignoreFocusOut: true,
  });
  return chosen?.value;
}

async function chooseName(proposal: string): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title: step(4),
    ignoreFocusOut: true,
    prompt: vscode.l10n.t('Name of the runs and of the config file'),
    value: safeName(proposal),
    validateInput: (text) =>
      text === safeName(text)
        ? undefined
        : vscode.l10n.t('Use letters, digits, “.”, “_” and “-”, such as {0}.', safeName(text)),
  });
  return name === undefined ? undefined : safeName(name);
}

async function writeConfig(folder: vscode.Uri, config: NewConfig): Promise<vscode.Uri> {
  const file = await freeFile(folder.fsPath, config.name);
  await writeFile(file, newConfigText(config), { flag: 'wx' });
  const uri = vscode.Uri.file(file);
  await vscode.window.showTextDocument(uri);
  return uri;
}

/** `<name>.finetune.yaml`, or the first with a number behind it that is not there yet. */
export async function freeFile(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const file = path.join(folder, `${name}${number === 1 ? '' : `-${number}`}.finetune.yaml`);
    const taken = await access(file).then(
      () => true,
      () => false,
    );
    if (!taken) return file;
  }
}

function relativeName(folder: vscode.Uri, file: string): string {
  const relative = path.relative(folder.fsPath, file);
  if (relative.startsWith('..') || path.isAbsolute(relative)) return file.split(path.sep).join('/');
  return `./${relative.split(path.sep).join('/')}`;
}
