// The settings, typed. Values are read when they are needed, so a change counts at once.

import * as vscode from 'vscode';
import { settingIds } from './ids.ts';

/** `estimate`: config, data and memory are looked at before a start; `config`: the config alone; `off`: nothing. */
export type Preflight = 'estimate' | 'config' | 'off';
export type Notifications = 'all' | 'failures' | 'off';
/** Which lines of a dataset the token lens draws. */
export type LensLines = 'visible' | 'cursor';

function read(id: string): unknown {
  return vscode.workspace.getConfiguration('finetune').get(id);
}

export const settings = {
  openDashboard: (): boolean => read(settingIds.openDashboard) !== false,
  preflight: (): Preflight => oneOf(read(settingIds.preflight), ['estimate', 'config', 'off']),
  notifications: (): Notifications => oneOf(read(settingIds.notifications), ['all', 'failures', 'off']),
  /** Environment variables that the trainer gets besides the editor's. */
  environment: (): Record<string, string> => {
    const value = read(settingIds.environment);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  },
  /** Code → severity, as a person has set them for a file. */
  severities: (file: vscode.Uri): Record<string, string> => {
    const value: unknown = vscode.workspace.getConfiguration('finetune', file).get(settingIds.severities);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  },
  lensEnabled: (): boolean => read(settingIds.lensEnabled) !== false,
  lensLines: (): LensLines => oneOf(read(settingIds.lensLines), ['visible', 'cursor']),
  additionalFolders: (): string[] => {
    const value = read(settingIds.additionalFolders);
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string' && item !== '') : [];
  },
};

/** The value when it is an allowed one, else the first, which is the default. */
function oneOf<T extends string>(value: unknown, allowed: readonly [T, ...T[]]): T {
  return allowed.find((item) => item === value) ?? allowed[0];
}
