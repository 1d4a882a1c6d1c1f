// finetune convert: a dataset in another format, with a report of what was lost.
import { InvalidArgumentError } from 'commander';
import { conversionTargets, type ConversionTarget } from '../../protocol/previewViews.ts';
import type { ConversionReport } from '../../preview/convert/convertRows.ts';
import type { DefineCommand } from '../program.ts';
import { exitCodes } from '../exitCodes.ts';
import { untilInterrupted } from '../interrupt.ts';
import { jsonOption, type JsonOption } from '../options.ts';
import { oneLine } from '../render/text.ts';
import { printJson, printLines, statusLine } from '../terminal.ts';

interface ConvertOptions extends JsonOption {
  readonly to: ConversionTarget;
  readonly out: string;
  readonly splitTurns?: boolean;
  readonly skip?: boolean;
  readonly renameRole: readonly (readonly [string, string])[];
}

const names: Readonly<Record<string, ConversionTarget>> = {
  ...Object.fromEntries(conversionTargets.map((target) => [target, target])),
  alpaca: 'instruction',
  sharegpt: 'conversations',
};

const help = `
Reads JSON Lines, JSON arrays (both also gzipped), Parquet and CSV; writes JSON
Lines. Fields that are no part of the format are kept. jsonl changes no field.

What the other format has no place for is told. When a row cannot be converted
at all, nothing is written, unless --skip leaves such rows out.

Exit codes: 0 written, 1 nothing written, 130 interrupted.

Examples:
  finetune convert alpaca.json --to messages --out train.jsonl
  finetune convert chats.jsonl --to prompt_completion --split-turns --out pairs.jsonl
  finetune convert tickets.csv --to jsonl --out tickets.jsonl
  finetune convert chats.jsonl --to messages --rename-role agent=assistant --out chats2.jsonl`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<file>', 'a dataset: .jsonl, .ndjson, .json, .parquet or .csv')
    .requiredOption('--to <format>', `${conversionTargets.join(', ')}, alpaca or sharegpt`, parseTarget)
    .requiredOption('--out <file>', 'the file to write')
    .option('--split-turns', 'one row for each answer of a chat')
    .option('--rename-role <old=new>', 'read a role as another one; may be repeated', collectRole, [])
    .option('--skip', 'leave out rows that cannot be converted')
    .addOption(jsonOption('the report as one document'))
    .addHelpText('after', help)
    .action(async (file: string, options: ConvertOptions) => {
      const status = statusLine(terminal);
      const report = await untilInterrupted((signal) =>
        convert(file, options, signal, (rows) =>
          status.show(oneLine(`converting ${file}: ${rows.toLocaleString('en-US')} rows`, terminal.columns - 1)),
        ),
      ).finally(() => status.clear());
      if (report === undefined) done(exitCodes.stopped);
      else if (options.json) printJson(terminal, { out: options.out, ...report });
      else printLines(terminal, reportLines(report, options.out));
    });
};

async function convert(
  file: string,
  { to, out, splitTurns = false, skip = false, renameRole }: ConvertOptions,
  signal: AbortSignal,
  onProgress: (rows: number) => void,
): Promise<ConversionReport> {
  const [{ RowFile }, { convertFile }, { plainReading }] = await Promise.all([
    import('../../preview/rowFile.ts'),
    import('../../preview/convert/convertFile.ts'),
    import('../../preview/readRow.ts'),
  ]);
  const rows = await RowFile.open(file, file);
  try {
    await rows.index(() => undefined, signal);
    const roles = Object.fromEntries(renameRole);
    const options = { to, out, splitTurns, roles, skipUnfit: skip, reading: plainReading };
    return await convertFile(rows, options, { signal, onProgress });
  } finally {
    await rows.close();
  }
}

/** What was written, what was lost, what was left out. */
export function reportLines({ rows, written, losses, unfit, firstUnfit }: ConversionReport, out: string): string[] {
  const number = (value: number): string => value.toLocaleString('en-US');
  return [
    `${out}: ${number(written)} rows from ${number(rows)}`,
    ...losses.map(({ what, rows: times, line }) => `  ${number(times)} × ${what} (first on line ${line})`),
    ...(unfit > 0 ? [`  ${number(unfit)} rows were left out:`] : []),
    ...firstUnfit.map(({ line, why }) => `    line ${line}: ${why}`),
  ];
}

function parseTarget(name: string): ConversionTarget {
  const target = Object.hasOwn(names, name) ? names[name] : undefined;
  if (target === undefined) throw new InvalidArgumentError(`Formats are ${Object.keys(names).join(', ')}.`);
  return target;
}

function collectRole(value: string, before: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const [from, to, ...more] = value.split('=');
  if (!from || !to || more.length > 0) throw new InvalidArgumentError('Write old=new, such as agent=assistant.');
  return [...before, [from, to]];
}
