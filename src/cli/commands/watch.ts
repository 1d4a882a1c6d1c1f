// finetune watch: shows a run from its first event on, live until it ends.
import type { DefineCommand } from '../program.ts';
import { followEvents } from '../follow.ts';
import { onInterrupt } from '../interrupt.ts';
import { jsonOption, runArgument, type JsonOption } from '../options.ts';
import { exitCodes } from '../exitCodes.ts';
import { exitCodeOfState, followedBy, tellVanished } from '../runCommand.ts';
import { findRunsFolder } from '../workspace.ts';
import { followRun } from '../../runs/followRun.ts';
import { readManifest } from '../../runs/manifest.ts';
import { findRun } from '../../runs/store.ts';

const help = `
Ctrl+C ends the watching, not the run. The exit code is that of the run,
or 0 while it still goes on.

Examples:
  finetune watch
  finetune watch support-2026 --json`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument(...runArgument)
    .addOption(jsonOption('the events, one JSON object a line,'))
    .addHelpText('after', help)
    .action(async (wanted: string, options: JsonOption) => {
      const runFolder = await findRun(findRunsFolder(process.cwd()), wanted);
      const watching = new AbortController();
      const release = onInterrupt(() => watching.abort());
      try {
        const events = followRun(runFolder, { signal: watching.signal });
        const manifest = await readManifest(runFolder);
        const settings = { json: options.json ?? false, runFolder, ...followedBy(manifest) };
        const state = await followEvents(events, terminal, settings);
        const isTold = state.finished !== undefined || state.failed !== undefined;
        if (watching.signal.aborted && !isTold) {
          terminal.writeError('The run goes on. finetune stop ends it.\n');
          done(exitCodes.done);
          return;
        }
        if (!isTold) tellVanished({ id: manifest.id, folder: runFolder }, terminal, 'is gone, and has not said why');
        done(exitCodeOfState(state));
      } finally {
        release();
      }
    });
};
