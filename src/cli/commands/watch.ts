// finetune watch: shows a run from its first event on, live until it ends.
import type { DefineCommand } from '../program.ts';
import { followEvents } from '../follow.ts';
import { onInterrupt } from '../interrupt.ts';
import { jsonOption, runArgument, type JsonOption } from '../options.ts';
import { exitCodeOfState } from '../runCommand.ts';
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
        const { base_directory: baseDirectory } = await readManifest(runFolder);
        const state = await followEvents(events, terminal, { json: options.json ?? false, runFolder, baseDirectory });
        done(exitCodeOfState(state));
        if (watching.signal.aborted) terminal.writeError('The run goes on. finetune stop ends it.\n');
      } finally {
        release();
      }
    });
};
