// Start Fine-Tune: from the command to a run that goes on, or to a sentence that says what is in the way.

import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { defaults } from '../../config/schema.generated.ts';
import { formatBytes, formatDuration, formatLoss } from '../../metrics/numberText.ts';
import type { RunState } from '../../protocol/runState.ts';
import { lastOf, toArray } from '../../protocol/series.ts';
import { queueItem, type QueueItem } from '../../runs/queue.ts';
import { openRun } from '../../runs/store.ts';
import { stopRun } from '../../runs/stopRun.ts';
import { runTitle } from '../../runs/runRecord.ts';
import { followRun } from '../../runs/followRun.ts';
import { runsFolderFor } from '../library.ts';
import { launch, requireTrust } from '../runActions.ts';
import type { Services } from '../services.ts';
import { settings } from '../settings.ts';
import { activeConfig, configTitle, findConfigs, isConfigUri, readConfig } from './configs.ts';
import { passesPreflight } from './preflight.ts';
import { createConfig } from './wizard.ts';

/** Starts a config: the given one, the one in front, or one that the person picks. */
export async function startFineTune(services: Services, given?: vscode.Uri): Promise<void> {
  requireTrust();
  const config = await chooseConfig(services, given);
  if (!config) return;
  await save(config);
  if (!(await passesPreflight(config, services))) return;
  const name = await nameOf(config);
  const runsFolder = runsFolderFor(config.fsPath);
  const how = await besideOrQueue(services, runsFolder);
  if (how === 'queue') await enqueue(services, config, name, runsFolder);
  if (how !== 'start') return;
  const folder = await launch({ config: config.fsPath, name, overrides: [] });
  services.log.info(`started ${folder}`);
  await services.library.refresh(folder);
  if (settings.openDashboard()) await services.openDashboard(folder);
}

/** Starts a queued config; returns the run's folder. */
export async function startQueued(item: QueueItem, runsFolder: string): Promise<string> {
  return launch({ config: item.config_file, name: item.name, overrides: item.overrides, runsFolder });
}

async function nameOf(config: vscode.Uri): Promise<string> {
  return configTitle((await readConfig(config)).config, config.fsPath);
}

/** An unsaved config is saved first: the run is started from the file. */
async function save(config: vscode.Uri): Promise<void> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === config.toString());
  if (open?.isDirty) await open.save();
}

async function chooseConfig(services: Services, given: vscode.Uri | undefined): Promise<vscode.Uri | undefined> {
  const named = given && isConfigUri(given) ? given : activeConfig();
  if (named) return named;
  // The first search of a window takes seconds on a busy machine: without a sign of it the command seems to do nothing.
  const looking = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Looking for configs') };
  const configs = await vscode.window.withProgress(looking, findConfigs);
  if (configs.length === 0) {
    const config = await createConfig();
    const start = vscode.l10n.t('Start');
    if (!config) return undefined;
    const answer = await vscode.window.showInformationMessage(
      vscode.l10n.t('{0} is ready. Look at it, then start it.', path.basename(config.fsPath)),
      start,
    );
    return answer === start ? config : undefined;
  }
  const newItem = { label: vscode.l10n.t('$(add) New config …') };
  const items = async (): Promise<(vscode.QuickPickItem & { readonly uri?: vscode.Uri })[]> => [
    ...(await Promise.all(configs.map((uri) => configItem(uri, services)))),
    newItem,
  ];
  // The list is there at once, and its lines come when the configs have been read.
  const chosen = await vscode.window.showQuickPick(items(), {
    placeHolder: vscode.l10n.t('Config to start'),
    matchOnDescription: true,
    matchOnDetail: true,
    // A dashboard that is drawn beside it takes the focus, and the list would be gone.
    ignoreFocusOut: true,
  });
  if (chosen === newItem) await createConfig();
  return chosen?.uri;
}

/** Model, method and data of a config, and how its last run ended. */
async function configItem(uri: vscode.Uri, { library }: Services): Promise<vscode.QuickPickItem & { uri: vscode.Uri }> {
  const { config, problems } = await readConfig(uri).catch(() => ({ config: undefined, problems: [] }));
  const runs = library
    .runs()
    .filter((run) => run.kind === 'run' && run.manifest.config_file === uri.fsPath)
    .flatMap((run) => (run.kind === 'run' ? [run] : []))
    .toSorted((a, b) => b.manifest.created.localeCompare(a.manifest.created));
  const [last] = runs;
  const loss = last?.tail?.step?.loss;
  const result = last && (loss === undefined ? last.status : vscode.l10n.t('last run: loss {0}', formatLoss(loss)));
  const data = typeof config?.data.train === 'string' ? config.data.train : undefined;
  const detail = config
    ? [config.model, config.method ?? 'lora', data, result].filter(Boolean).join(' · ')
    : vscode.l10n.t('{0} problems', problems.length);
  return { label: configTitle(config, uri.fsPath), description: vscode.workspace.asRelativePath(uri), detail, uri };
}

async function besideOrQueue(services: Services, runsFolder: string): Promise<'start' | 'queue' | 'cancel'> {
  const [active] = services.library.active().filter((run) => path.dirname(run.folder) === runsFolder);
  if (!active) return 'start';
  const queue = vscode.l10n.t('Queue');
  const beside = vscode.l10n.t('Run Beside It');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is still going on.', runTitle(active)),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Two runs at once share memory and processor; a queued one starts when the other has ended.',
      ),
    },
    queue,
    beside,
  );
  if (answer === queue) return 'queue';
  return answer === beside ? 'start' : 'cancel';
}

async function enqueue(services: Services, config: vscode.Uri, name: string, runsFolder: string): Promise<void> {
  const [active] = services.library.active().filter((run) => path.dirname(run.folder) === runsFolder);
  const item = queueItem(config.fsPath, name, [], new Date());
  await services.queue.change(runsFolder, (queue) => ({
    ...queue,
    ...(queue.items.length === 0 && active ? { after: active.folder } : {}),
    items: [...queue.items, item],
  }));
  vscode.window.setStatusBarMessage(vscode.l10n.t('{0} waits for its turn.', name), 5000);
}

/** Steps of a dry run. */
const drySteps = 10;

/** Trains a few steps in a folder of its own and tells what the whole run would be like. */
export async function dryRun(services: Services, given?: vscode.Uri): Promise<void> {
  requireTrust();
  const config = await chooseConfig(services, given);
  if (!config) return;
  await save(config);
  if (!(await passesPreflight(config, services))) return;
  const name = await nameOf(config);
  const runsFolder = path.join(path.dirname(runsFolderFor(config.fsPath)), 'dry-runs');
  await rm(runsFolder, { recursive: true, force: true });
  const folder = await launch({
    config: config.fsPath,
    name,
    overrides: [`training.max_steps=${drySteps}`],
    runsFolder,
  });
  const title = vscode.l10n.t('Dry run of {0}', name);
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  await vscode.window.withProgress(options, async (progress, token) => {
    token.onCancellationRequested(() => void stopRun(folder, 'now'));
    for await (const event of followRun(folder)) {
      if (event.type === 'progress') progress.report({ message: event.message });
      if (event.type === 'step') {
        progress.report({
          message: vscode.l10n.t('step {0}/{1}', event.step, drySteps),
          increment: 100 / drySteps,
        });
      }
    }
  });
  const { state } = await openRun(folder);
  await reportDryRun(services, config, name, state);
}

async function reportDryRun(services: Services, config: vscode.Uri, name: string, state: RunState): Promise<void> {
  if (state.failed) {
    services.log.error(`dry run of ${name}: ${state.failed.cause.message}\n${state.failed.evidence.join('\n')}`);
    const remedies = state.failed.remedies.map(({ text }) => text).join(' ');
    void vscode.window.showErrorMessage(vscode.l10n.t('The dry run failed: {0}', state.failed.cause.message), {
      modal: true,
      detail: remedies,
    });
    return;
  }
  const first = state.steps.chunks[0]?.[0];
  const last = lastOf(state.steps);
  if (!first || !last || state.finished?.outcome === 'stopped') return;
  const perStep = toArray(state.steps).reduce((sum, { seconds }) => sum + seconds, 0) / state.steps.length;
  const total = await plannedSteps(config, state);
  const start = vscode.l10n.t('Start Fine-Tune');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('The dry run of {0} went well.', name),
    {
      modal: true,
      detail: [
        vscode.l10n.t('Loss {0} → {1} in {2} steps', formatLoss(first.loss), formatLoss(last.loss), state.steps.length),
        vscode.l10n.t(
          '{0} tokens a second, {1} of memory',
          Math.round(last.tokens_per_second),
          formatBytes(last.memory_bytes),
        ),
        vscode.l10n.t('{0} for a step', formatDuration(perStep)),
        ...(total === undefined
          ? []
          : [vscode.l10n.t('About {0} for all {1} steps', formatDuration(perStep * total), total)]),
      ].join('\n'),
    },
    start,
  );
  if (answer === start) await startFineTune(services, config);
}

/** Steps of the whole run, by the config and the length of the epoch that the dry run found. */
async function plannedSteps(config: vscode.Uri, state: RunState): Promise<number | undefined> {
  const perEpoch = state.started?.plan.steps_per_epoch;
  const { config: written } = await readConfig(config);
  if (!written || perEpoch === undefined) return undefined;
  const { max_steps: most, epochs } = written.training ?? {};
  return most ?? Math.ceil((epochs ?? defaults.training.epochs) * perEpoch);
}
