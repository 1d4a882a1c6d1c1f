// finetune doctor: what this machine can train on, and in one line each why not on more.
import type { DefineCommand } from '../program.ts';
import { examineMachine } from '../doctor.ts';
import { jsonOption, type JsonOption } from '../options.ts';
import { doctorLines } from '../render/doctor.ts';
import { printJson, printLines } from '../terminal.ts';

export const define: DefineCommand = (command, terminal) => {
  command
    .addOption(jsonOption('one document'))
    .addHelpText('after', '\nExamples:\n  finetune doctor\n  finetune doctor --json')
    .action(async (options: JsonOption) => {
      const report = await examineMachine();
      if (options.json) printJson(terminal, report);
      else printLines(terminal, doctorLines(report, terminal.columns, terminal.style));
    });
};
