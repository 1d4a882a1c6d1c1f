// Asks which roles of a dataset are to be renamed, and how.

import * as vscode from 'vscode';
import { isObject } from '../../protocol/guards.ts';
import type { WrittenRole } from '../../protocol/previewViews.ts';

/** Names that formats know, the most common first. */
const ours: Readonly<Record<WrittenRole['field'], readonly string[]>> = {
  role: ['user', 'assistant', 'system', 'tool'],
  from: ['human', 'gpt', 'system', 'observation'],
};

/**
 * Role as written → new name; `found` is what the process that reads the file says. Roles that no format knows are asked
 * about one by one; with `all` the person chooses among all roles. Undefined when the person stopped.
 */
export async function askRoles(found: unknown, all: boolean): Promise<Record<string, string> | undefined> {
  const roles = Array.isArray(found) ? found.filter(isWrittenRole) : [];
  const chosen = all ? await chooseRoles(roles) : roles.filter(({ isKnown }) => !isKnown);
  if (!chosen) return undefined;
  const renamed: Record<string, string> = {};
  for (const role of chosen) {
    const name = await askName(role);
    if (name === undefined) return undefined;
    if (name !== role.name) renamed[role.name] = name;
  }
  return renamed;
}

async function chooseRoles(roles: readonly WrittenRole[]): Promise<readonly WrittenRole[] | undefined> {
  if (roles.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('The rows of this file have no turns with roles.'));
    return undefined;
  }
  const items = roles.map((role) => ({ label: role.name, description: turnsOf(role), picked: !role.isKnown, role }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Rename Roles'),
    placeHolder: vscode.l10n.t('Roles that get another name'),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return chosen && chosen.length > 0 ? chosen.map(({ role }) => role) : undefined;
}

async function askName(role: WrittenRole): Promise<string | undefined> {
  const other = `$(edit) ${vscode.l10n.t('Another name …')}`;
  const keep = { label: role.name, description: vscode.l10n.t('as it is') };
  const names = ours[role.field].filter((name) => name !== role.name);
  const answer = await vscode.window.showQuickPick([...names.map((label) => ({ label })), keep, { label: other }], {
    title: vscode.l10n.t('Rename Roles'),
    placeHolder: vscode.l10n.t('New name of the role {0} ({1})', role.name, turnsOf(role)),
    ignoreFocusOut: true,
  });
  if (answer?.label !== other) return answer?.label;
  const prompt = vscode.l10n.t('New name of the role {0} ({1})', role.name, turnsOf(role));
  const name = await vscode.window.showInputBox({ prompt, ignoreFocusOut: true });
  return name?.trim() === '' ? undefined : name?.trim();
}

function turnsOf({ turns }: WrittenRole): string {
  return vscode.l10n.t('{0} turns in the first rows', turns);
}

function isWrittenRole(value: unknown): value is WrittenRole {
  return (
    isObject(value) &&
    typeof value['name'] === 'string' &&
    (value['field'] === 'role' || value['field'] === 'from') &&
    typeof value['turns'] === 'number' &&
    typeof value['isKnown'] === 'boolean'
  );
}
