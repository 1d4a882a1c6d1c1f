// finetune runs: the runs of this folder, newest first.
import type { DefineCommand } from '../program.ts';
import { jsonOption, type JsonOption } from '../options.ts';
import { problemLines } from '../render/problems.ts';
import { runTable } from '../render/runTable.ts';
import { printJson, printLines } from '../terminal.ts';
import { findRunsFolder } from '../workspace.ts';
import { listRuns } from '../../runs/store.ts';

export const define: DefineCommand = (command, terminal) => {
  command
    .addOption(jsonOption('one document with every run'))
    .addHelpText('after', '\nExamples:\n  finetune runs\n  finetune runs --json | jq -r ".runs[0].id"')
    .action(async (options: JsonOption) => {
      const folder = findRunsFolder(process.cwd());
      const { runs, problems } = await listRuns(folder);
      if (options.json) {
        printJson(terminal, {
          runs_folder: folder,
          runs: runs.map(({ folder: path, manifest, status, lastStep }) => ({
            id: manifest.id,
            name: manifest.name,
            status,
            created: manifest.created,
            step: lastStep?.step ?? null,
            total_steps: manifest.prepared?.total_steps ?? null,
            loss: lastStep?.loss ?? null,
            folder: path,
          })),
          problems,
        });
        return;
      }
      if (runs.length === 0) printLines(terminal, [`There are no runs in ${folder} yet.`]);
      else printLines(terminal, runTable(runs, terminal.columns, terminal.style, Date.now()));
      for (const problem of problems) {
        terminal.writeError(`${problemLines(problem, terminal.style, process.cwd()).join('\n')}\n`);
      }
    });
};
