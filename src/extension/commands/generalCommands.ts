// Commands that are about no run: start, check, doctor, report, help.

import path from 'node:path';
import * as vscode from 'vscode';
import { formatBytes, formatDuration } from '../../metrics/numberText.ts';
import { problem } from '../../protocol/problem.ts';
import { commandIds, walkthroughId, type CommandId } from '../ids.ts';
import { requireTrust } from '../runActions.ts';
import type { Services } from '../services.ts';
import { activeConfig, findConfigs, isConfigUri } from '../start/configs.ts';
import type { CommandHandler } from './runCommands.ts';

/** The heavier parts are loaded when their command is called. */
export function generalCommands(services: Services) {
  return {
    [commandIds.start]: async (uri) => (await import('../onDemand.ts')).startFineTune(services, asUri(uri)),
    [commandIds.dryRun]: async (uri) => (await import('../onDemand.ts')).dryRun(services, asUri(uri)),
    [commandIds.newConfig]: async () => (await import('../onDemand.ts')).createConfig(),
    [commandIds.importConfig]: async (uri) =>
      (await import('../onDemand.ts')).importForeignConfig(services.texts, asUri(uri)),
    [commandIds.checkConfig]: async (uri) => checkConfig(services, asUri(uri)),
    [commandIds.estimate]: async (uri) => estimate(services, asUri(uri)),
    [commandIds.setupTorch]: async () => (await import('../onDemand.ts')).setUpTorch(),
    [commandIds.doctor]: async () => (await import('../onDemand.ts')).showDoctor(services),
    [commandIds.reportProblem]: async (node) => (await import('../onDemand.ts')).reportProblem(services, node),
    [commandIds.showLog]: () => services.log.show(),
    [commandIds.getStarted]: async () => {
      const id = `${services.context.extension.id}#${walkthroughId}`;
      await vscode.commands.executeCommand('workbench.action.openWalkthrough', id, false);
    },
  } satisfies Partial<Record<CommandId, CommandHandler>>;
}

async function checkConfig(services: Services, given: vscode.Uri | undefined): Promise<void> {
  requireTrust();
  const config = await configFor(given);
  if (!config) return;
  const { acceptable, checkInDepth } = await import('../onDemand.ts');
  const problems = await checkInDepth(config);
  if (!problems) return;
  if (acceptable(config, problems, services) && problems.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Config, model and data are in order.'));
  } else await vscode.commands.executeCommand('workbench.actions.view.problems');
}

async function estimate(services: Services, given: vscode.Uri | undefined): Promise<void> {
  requireTrust();
  const config = await configFor(given);
  if (!config) return;
  const { estimateRun } = await import('../onDemand.ts');
  const found = await estimateRun(config, services);
  if (found === 'refused') return;
  if (!found) {
    throw problem(
      'editor/no-estimate',
      vscode.l10n.t('What {0} will cost cannot be told. The log says why.', path.basename(config.fsPath)),
    );
  }
  const { memoryBytes, availableBytes, seconds, diskBytes, totalSteps, trainRows, device } = found;
  const lines = [
    totalSteps === undefined ? undefined : vscode.l10n.t('{0} steps over {1} rows', totalSteps, trainRows ?? 0),
    memoryBytes === undefined
      ? undefined
      : vscode.l10n.t(
          'Memory: {0} of {1} that are free',
          formatBytes(memoryBytes),
          formatBytes(availableBytes ?? Number.NaN),
        ),
    seconds === undefined ? undefined : vscode.l10n.t('Time: {0}', formatDuration(seconds)),
    diskBytes === undefined ? undefined : vscode.l10n.t('Disk: {0}', formatBytes(diskBytes)),
    device === undefined ? undefined : vscode.l10n.t('Device: {0}', device),
  ];
  const detail = lines.filter((line) => line !== undefined).join('\n');
  await vscode.window.showInformationMessage(vscode.l10n.t('What the run will cost'), { modal: true, detail });
}

async function configFor(given: vscode.Uri | undefined): Promise<vscode.Uri | undefined> {
  const named = given && isConfigUri(given) ? given : activeConfig();
  if (named) return named;
  const configs = await findConfigs();
  if (configs.length === 0) {
    const create = vscode.l10n.t('New Config');
    void vscode.window
      .showInformationMessage(vscode.l10n.t('There is no config in this workspace.'), create)
      .then((answer) => (answer === create ? vscode.commands.executeCommand(commandIds.newConfig) : undefined));
  }
  if (configs.length <= 1) return configs[0];
  const items = configs.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Config'), ignoreFocusOut: true }))
    ?.uri;
}

/** An address as the editor passes it, or as the line above a config does. */
function asUri(value: unknown): vscode.Uri | undefined {
  if (typeof value === 'string' && value.startsWith('file:')) return vscode.Uri.parse(value);
  return value instanceof vscode.Uri ? value : undefined;
}
