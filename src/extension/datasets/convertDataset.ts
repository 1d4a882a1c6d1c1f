// Converts a dataset by a dialog: a text as an edit that can be undone, a packed file into a new one, which can be undone too.

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { isObject } from '../../protocol/guards.ts';
import type { ConversionTarget } from '../../protocol/previewViews.ts';
import { askRoles } from './askRoles.ts';

/** Larger texts are not edited in place: the editor itself keeps no undo for them. */
const largestEdit = 10 * 2 ** 20;

interface Target extends vscode.QuickPickItem {
  readonly to: ConversionTarget;
  /** The fields stay as they are, and the person says which roles change. */
  readonly renames?: boolean;
}

/** Asks the process that reads the file, by a method of its own. */
type Ask = (method: 'roles' | 'convert', params: object) => Promise<unknown>;

/** False when the person said no. */
export async function convertDataset(file: string, ask: Ask): Promise<boolean> {
  const target = await vscode.window.showQuickPick(targets(), asked());
  if (!target) return false;
  const splitTurns = await askSplit(target.to);
  if (splitTurns === undefined) return false;
  const isRenaming = target.renames === true;
  const roles = target.to === 'jsonl' && !isRenaming ? {} : await askRoles(await ask('roles', {}), isRenaming);
  if (roles === undefined) return false;
  const params = { to: target.to, splitTurns, roles };
  const convert = (more: object): Promise<unknown> => ask('convert', { ...params, ...more });
  const isLines = /\.(?:jsonl|ndjson)$/i.test(file);
  const { size } = await stat(file);
  if (isLines && size <= largestEdit) return editInPlace(file, convert);
  const out = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(
      file.replace(/(?:\.jsonl?|\.ndjson|\.csv|\.tsv|\.parquet|\.gz)+$/i, `.${target.to}.jsonl`),
    ),
    filters: { 'JSON Lines': ['jsonl'] },
  });
  if (!out) return false;
  const report = size <= largestEdit ? await createFile(out, convert) : await convert({ out: out.fsPath });
  const open = vscode.l10n.t('Open');
  void vscode.window.showInformationMessage(toldOf(report).join(' '), open).then((answer) => {
    if (answer === open) void vscode.commands.executeCommand('vscode.open', out);
  });
  return true;
}

/** The new file comes as an edit of the workspace, so that the explorer can undo it. */
async function createFile(out: vscode.Uri, convert: (params: object) => Promise<unknown>): Promise<unknown> {
  const folder = await mkdtemp(path.join(tmpdir(), 'finetune-convert-'));
  try {
    const made = path.join(folder, 'rows.jsonl');
    const report = await convert({ out: made });
    const edit = new vscode.WorkspaceEdit();
    edit.createFile(out, { overwrite: true, contents: await readFile(made) });
    if (!(await vscode.workspace.applyEdit(edit))) throw new Error(vscode.l10n.t('The editor refused the change.'));
    return report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function editInPlace(file: string, convert: (params: object) => Promise<unknown>): Promise<boolean> {
  const document = await vscode.workspace.openTextDocument(file);
  const before = document.version;
  const converted = await convert({ text: document.getText() });
  if (!isObject(converted) || typeof converted['text'] !== 'string') return false;
  const told = toldOf(converted['report']);
  if (told.length > 1) {
    const go = vscode.l10n.t('Convert');
    const detail = told.join('\n');
    const question = vscode.l10n.t('Something is lost by this conversion.');
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, go)) !== go) return false;
  }
  if (document.version !== before) throw new Error(vscode.l10n.t('The text was changed meanwhile. Convert it again.'));
  const edit = new vscode.WorkspaceEdit();
  const whole = new vscode.Range(document.positionAt(0), document.lineAt(document.lineCount - 1).range.end);
  edit.replace(document.uri, whole, converted['text']);
  if (!(await vscode.workspace.applyEdit(edit))) throw new Error(vscode.l10n.t('The editor refused the change.'));
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
  await vscode.window.showTextDocument(document, {
    viewColumn: shown?.viewColumn ?? vscode.ViewColumn.One,
    preview: false,
  });
  return true;
}

async function askSplit(to: ConversionTarget): Promise<boolean | undefined> {
  if (to === 'jsonl') return false;
  const items = [
    { label: vscode.l10n.t('One row for each row'), splitTurns: false },
    { label: vscode.l10n.t('One row for each answer of a chat'), splitTurns: true },
  ];
  return (await vscode.window.showQuickPick(items, asked()))?.splitTurns;
}

/** The focus goes back to the panel between two lists, which must not close the second one. */
function asked(): vscode.QuickPickOptions {
  return { title: vscode.l10n.t('Convert Dataset'), ignoreFocusOut: true };
}

function targets(): Target[] {
  return [
    { to: 'messages', label: 'messages', description: vscode.l10n.t('chats with roles, as OpenAI has them') },
    {
      to: 'conversations',
      label: 'conversations',
      description: vscode.l10n.t('chats with speakers, as ShareGPT has them'),
    },
    {
      to: 'instruction',
      label: 'instruction',
      description: vscode.l10n.t('instruction and output, as Alpaca has them'),
    },
    { to: 'prompt_completion', label: 'prompt_completion', description: vscode.l10n.t('a prompt and what follows it') },
    { to: 'jsonl', label: 'JSON Lines', description: vscode.l10n.t('the fields as they are, one row a line') },
    {
      to: 'jsonl',
      renames: true,
      label: vscode.l10n.t('Rename roles …'),
      description: vscode.l10n.t('the fields as they are, turns by other names'),
    },
  ];
}

/** The report in sentences; only the first when nothing is lost. */
function toldOf(report: unknown): string[] {
  if (!isObject(report)) return [];
  const losses = Array.isArray(report['losses']) ? report['losses'].filter(isObject) : [];
  const unfit = Array.isArray(report['firstUnfit']) ? report['firstUnfit'].filter(isObject) : [];
  const text = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return [
    vscode.l10n.t('{0} rows were made from {1}.', text(report['written']), text(report['rows'])),
    ...losses.map((loss) => vscode.l10n.t('{0} rows: {1}.', text(loss['rows']), text(loss['what']))),
    ...unfit
      .slice(0, 5)
      .map((each) => vscode.l10n.t('Line {0} is left out: {1}.', text(each['line']), text(each['why']))),
  ];
}
