// Commands about one run: control, label, files.

import path from 'node:path';
import * as vscode from 'vscode';
import { parseLearningRate } from '../../protocol/commands.ts';
import { startCommand } from '../../runs/commandLine.ts';
import { changeLabel } from '../../runs/label.ts';
import { runPaths } from '../../runs/layout.ts';
import { isLive, lastActive, runTitle, type ReadableRun, type RunRecord } from '../../runs/runRecord.ts';
import { commandIds, type CommandId } from '../ids.ts';
import { mostCompared } from '../panels/compare.ts';
import { openConfig } from '../panels/panelRequests.ts';
import * as actions from '../runActions.ts';
import type { Services } from '../services.ts';
import { canBeForked, foldersOf, isReadable, pickItems, targetRun, type Fitting } from './target.ts';
import { trash } from './trash.ts';

/** What it returns or throws is waited for. */
export type CommandHandler = (...args: unknown[]) => unknown;

const has =
  (...statuses: ReadableRun['status'][]): Fitting =>
  (run) =>
    run.kind === 'run' && statuses.includes(run.status);

export function runCommands(services: Services) {
  const { library } = services;

  /** A command about one readable run; its record is read again afterwards. */
  const about =
    (
      fits: Fitting,
      work: (run: ReadableRun) => Promise<unknown>,
      otherwise?: Parameters<typeof targetRun>[3],
    ): CommandHandler =>
    async (...args) => {
      const run = await targetRun(library, args, fits, otherwise);
      if (run?.kind !== 'run') return;
      await work(run);
      await library.refresh(run.folder);
    };

  return {
    [commandIds.openDashboard]: about(isReadable, ({ folder }) => services.openDashboard(folder)),
    // The status bar's run may end under the hand that clicks.
    [commandIds.openActiveRun]: about(isLive, ({ folder }) => services.openDashboard(folder), lastActive),
    [commandIds.pause]: about(has('running'), ({ folder }) => actions.pauseRun(folder)),
    [commandIds.resume]: about(has('paused', 'stopped', 'failed', 'interrupted'), ({ folder }) => actions.goOn(folder)),
    [commandIds.checkpointNow]: about(has('running', 'paused'), ({ folder }) => actions.checkpointNow(folder)),
    [commandIds.stopAndSave]: about(isLive, ({ folder }) => actions.stopAndSave(folder)),
    [commandIds.stopNow]: about(isLive, (run) => actions.stopNow(run.folder, runTitle(run))),
    [commandIds.setLearningRate]: about(has('running', 'paused'), askLearningRate),
    [commandIds.resumeFrom]: async (...args) => resumeFrom(services, args),
    [commandIds.fork]: async (...args) => fork(services, args),
    [commandIds.rename]: about(isReadable, rename),
    [commandIds.note]: about(isReadable, note),
    [commandIds.pin]: about(isReadable, ({ folder }) => changeLabel(folder, { pinned: true })),
    [commandIds.unpin]: about(
      (run) => run.label.pinned === true,
      ({ folder }) => changeLabel(folder, { pinned: false }),
    ),
    [commandIds.reveal]: async (...args) => {
      // A broken one too: its folder is where a person looks for what is wrong.
      const run = await targetRun(library, args, () => true);
      if (run) await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(run.folder));
    },
    [commandIds.copyCommandLine]: about(isReadable, copyCommandLine),
    [commandIds.openRunConfig]: about(isReadable, openConfig),
    [commandIds.openRunLog]: about(isReadable, ({ folder }) => openFile(runPaths(folder).log)),
    [commandIds.openRunSamples]: about(isReadable, ({ folder }) => openFile(runPaths(folder).samples)),
    [commandIds.trash]: async (...args) => trash(services, args),
    [commandIds.compare]: async (...args) => compare(services, args),
    [commandIds.showRunProblem]: async (...args) => {
      const run = await targetRun(library, args, (record) => record.kind === 'broken');
      if (run?.kind === 'broken') await showProblem(run);
    },
  } satisfies Partial<Record<CommandId, CommandHandler>>;
}

async function askLearningRate(run: ReadableRun): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Learning Rate of {0}', runTitle(run)),
    prompt: vscode.l10n.t('The new base learning rate; warmup and decay keep their shape.'),
    placeHolder: '1e-4',
    validateInput: (value) =>
      parseLearningRate(value) === undefined
        ? vscode.l10n.t('Write a number above 0 and up to 1, such as 1e-4.')
        : undefined,
  });
  const rate = text === undefined ? undefined : parseLearningRate(text);
  if (rate !== undefined) await actions.setLearningRate(run.folder, rate);
}

/** The run and the checkpoint of a line of the explorer; undefined without one, which is told. */
function checkpointOf(
  { library }: Services,
  [node]: readonly unknown[],
): { run: ReadableRun; place: string; step: number } | undefined {
  const [folder] = foldersOf(node, undefined);
  const run = folder === undefined ? undefined : library.get(folder);
  if (run?.kind === 'run' && typeof node === 'object' && node !== null && 'path' in node && 'step' in node) {
    const { path: place, step } = node;
    if (typeof place === 'string' && typeof step === 'number') return { run, place, step };
  }
  void vscode.window.showInformationMessage(vscode.l10n.t('Choose a checkpoint of a run in the explorer.'));
  return undefined;
}

async function resumeFrom(services: Services, args: readonly unknown[]): Promise<void> {
  const found = checkpointOf(services, args);
  if (!found) return;
  const { run, step } = found;
  await actions.goOnFrom(run.folder, runTitle(run), step, run.tail?.step?.step ?? step);
  await services.library.refresh(run.folder);
}

async function fork(services: Services, args: readonly unknown[]): Promise<void> {
  const found = checkpointOf(services, args);
  if (!found) return;
  const { run, place: checkpoint } = found;
  if (!canBeForked(run)) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('Only LoRA runs can be forked: the checkpoint has to be an adapter.'),
    );
    return;
  }
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Fork {0} from {1}', runTitle(run), checkpoint),
    prompt: vscode.l10n.t('Values to change, such as training.learning_rate=1e-4 seed=7; empty for none.'),
  });
  if (text === undefined) return;
  const forked = await actions.forkFrom(run, checkpoint, text.split(/\s+/).filter(Boolean));
  await services.library.refresh(forked);
  await services.openDashboard(forked);
}

async function rename(run: ReadableRun): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Rename Run'),
    prompt: vscode.l10n.t('Empty for the name that its config gives.'),
    value: runTitle(run),
  });
  if (name !== undefined) await changeLabel(run.folder, { name: name === run.manifest.name ? '' : name.slice(0, 200) });
}

async function note(run: ReadableRun): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Note on {0}', runTitle(run)),
    prompt: vscode.l10n.t('Empty takes the note away.'),
    value: run.label.note ?? '',
  });
  if (text !== undefined) await changeLabel(run.folder, { note: text });
}

async function copyCommandLine({ manifest }: ReadableRun): Promise<void> {
  await vscode.env.clipboard.writeText(startCommand(manifest.config_file, manifest.overrides));
  vscode.window.setStatusBarMessage(vscode.l10n.t('The command line was copied.'), 4000);
}

async function openFile(file: string): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true }).then(
    () => undefined,
    () => vscode.window.showInformationMessage(vscode.l10n.t('{0} is not there yet.', path.basename(file))),
  );
}

async function compare({ library, openCompare }: Services, args: readonly unknown[]): Promise<void> {
  const folders = foldersOf(args[0], args[1]);
  if (folders.length >= 2) {
    openCompare(folders);
    return;
  }
  await library.listed();
  const items = pickItems(library.runs().filter(isReadable)).map((item) => ({
    ...item,
    picked: folders.includes(item.run.folder),
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    placeHolder: vscode.l10n.t('Two to {0} runs to compare', mostCompared),
  });
  if (chosen) openCompare(chosen.map(({ run }) => run.folder));
}

async function showProblem({ folder, problem }: Extract<RunRecord, { kind: 'broken' }>): Promise<void> {
  const open = vscode.l10n.t('Open run.json');
  const answer = await vscode.window.showWarningMessage(problem.message, open);
  if (answer === open) await openFile(runPaths(folder).manifest);
}
