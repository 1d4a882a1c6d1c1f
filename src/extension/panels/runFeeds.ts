// Makes feeds for the runs of the library.

import path from 'node:path';
import * as vscode from 'vscode';
import type { RunSections } from '../../protocol/panelViews.ts';
import { runTitle, type ReadableRun } from '../../runs/runRecord.ts';
import type { RunLibrary } from '../library.ts';
import { createRunFeed, type RunFeed } from './runFeed.ts';

/** A feed of a run that the library knows. */
export function feedOf(first: ReadableRun, library: RunLibrary, log: vscode.LogOutputChannel): RunFeed {
  let known = first;
  const run = (): ReadableRun => {
    const now = library.get(first.folder);
    if (now?.kind === 'run') known = now;
    return known;
  };
  return createRunFeed(first.folder, {
    run,
    configFile: ({ manifest }) => vscode.workspace.asRelativePath(manifest.config_file),
    previous: (of) => previousOf(of, library),
    trusted: () => vscode.workspace.isTrusted,
    t: (message, ...args) => vscode.l10n.t(message, ...args),
    onProblem: (sentence) => log.warn(sentence),
  });
}

/** The run of the same config that was started before. */
function previousOf(run: ReadableRun, library: RunLibrary): RunSections['previous'] {
  const earlier = library
    .runs()
    .filter((other): other is ReadableRun => other.kind === 'run' && other.manifest.prepared !== undefined)
    .filter(
      ({ manifest }) => manifest.config_file === run.manifest.config_file && manifest.created < run.manifest.created,
    )
    .filter(({ folder }) => path.dirname(folder) === path.dirname(run.folder))
    .toSorted((a, b) => b.manifest.created.localeCompare(a.manifest.created));
  const [last] = earlier;
  return last?.manifest.prepared ? { title: runTitle(last), config: last.manifest.prepared.config } : null;
}
