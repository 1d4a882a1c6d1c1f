// Report a problem: versions, machine and a run's log, shown before a person may copy them. Nothing is sent.

import * as vscode from 'vscode';
import { runPaths } from '../../runs/layout.ts';
import type { ReadableRun } from '../../runs/runRecord.ts';
import { readPart } from '../../runs/regularFile.ts';
import { openRun } from '../../runs/store.ts';
import { isReadable, targetRun } from '../commands/target.ts';
import type { Services } from '../services.ts';
import { doctorText } from './doctor.ts';

/** How much of a log goes into a report, in bytes. */
const logLength = 20_000;

export async function reportProblem(services: Services, node: unknown): Promise<void> {
  const { library, context, texts } = services;
  const anyRun = library.runs().some(isReadable);
  const run = anyRun ? await targetRun(library, [node], isReadable) : undefined;
  const version: unknown = context.extension.packageJSON;
  const lines = [
    vscode.l10n.t('# Problem with Fine-Tune Workbench'),
    '',
    vscode.l10n.t('Look through this before you send it: it holds paths, and parts of your data may be in the log.'),
    '',
    vscode.l10n.t('## What happened, and what should have happened'),
    '',
    '',
    vscode.l10n.t('## Versions and machine'),
    '',
    `- Fine-Tune Workbench ${versionOf(version)}`,
    `- ${vscode.env.appName} ${vscode.version}, Node ${process.version}, ${process.platform} ${process.arch}`,
    '',
    fenced((await doctorText().catch((error: unknown) => String(error))) ?? ''),
    ...(run?.kind === 'run' ? await runLines(run) : []),
  ];
  const report = `${lines.join('\n')}\n`;
  await texts.show(`${vscode.l10n.t('Problem Report')}.md`, report);
  const copy = vscode.l10n.t('Copy Report');
  const question = vscode.l10n.t('Look through the report: nothing of it has been copied or sent.');
  const answer = await vscode.window.showInformationMessage(question, copy);
  if (answer === copy) await vscode.env.clipboard.writeText(report);
}

async function runLines(run: ReadableRun): Promise<string[]> {
  const { state, problems } = await openRun(run.folder);
  const log = await readPart(runPaths(run.folder).log, logLength, 'end');
  const failed = state.failed ? [state.failed.cause.message, ...state.failed.evidence] : [];
  return [
    '',
    vscode.l10n.t('## Run {0}', run.id),
    '',
    `- ${run.status}`,
    ...[...failed, ...state.gaps, ...problems.slice(0, 20)].map((line) => `- ${line}`),
    '',
    fenced(JSON.stringify(run.manifest, null, 2)),
    '',
    'trainer.log',
    '',
    fenced(log?.bytes.toString('utf8') ?? ''),
  ];
}

/** Text in a fence that none of its own lines can close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}

function versionOf(manifest: unknown): string {
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return '';
  return String(manifest.version);
}
