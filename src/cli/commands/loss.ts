// finetune loss: what each token of some rows costs a model, before, during or after a run.
import { InvalidArgumentError } from 'commander';
import type { DefineCommand } from '../program.ts';
import { exitCodes } from '../exitCodes.ts';
import { untilInterrupted } from '../interrupt.ts';
import { firstRows, parseRows, rowsOfFile, rowsOfInput, type RowRange } from '../loss/askedRows.ts';
import { findAsked, folderOf, type AskedModel } from '../loss/openAsked.ts';
import { lossesOfRow, readingOf, type RowLosses } from '../loss/rowLosses.ts';
import { jsonOption, setOption, type JsonOption } from '../options.ts';
import { rowLossLines } from '../render/loss.ts';
import { stageLine } from '../render/stage.ts';
import { oneLine } from '../render/text.ts';
import { printJson, printLines, statusLine, type Terminal } from '../terminal.ts';
import { openTrainedModel } from '../../trainer/trainedModel.ts';
import type { WantedCheckpoint } from '../../trainer/runWeights.ts';

interface LossOptions extends JsonOption {
  readonly rows: readonly RowRange[];
  readonly checkpoint?: WantedCheckpoint;
  readonly stdin?: boolean;
  readonly all?: boolean;
  readonly set: readonly string[];
}

const help = `
The run's config says how rows become tokens and which of them are trained. Its
result answers; while it has none, its newest checkpoint. A config in place of a
run asks the model as it is before training.

The loss of a token is the negative logarithm of the chance that the model gave
it, in nats: 0 = certain, 0.69 = one in two, 2.3 = one in ten. The loss of a row
is the mean over its trained tokens, as in a run.

Examples:
  finetune loss latest validation.jsonl
  finetune loss my.finetune.yaml train.jsonl --rows 12,40-45 --all
  finetune loss 2026-01 train.jsonl --checkpoint best --json
  head -3 new.jsonl | finetune loss latest train.jsonl --stdin`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<run>', 'id of a run or its beginning, its folder, latest, or a config')
    .argument('<dataset>', 'a data file; the config says its format and columns')
    .option(
      '--rows <numbers>',
      'rows by number from 1, such as 3,10-12 (the first 10 unless told)',
      parseRows,
      firstRows,
    )
    .option('--checkpoint <step>', "a step's checkpoint of the run, or best", parseCheckpoint)
    .option('--stdin', 'read JSON Lines from standard input; the file says which rows they are')
    .option('--all', 'list masked tokens, too')
    .addOption(setOption())
    .addOption(jsonOption('one document with every token'))
    .addHelpText('after', help)
    .action(async (run: string, dataset: string, options: LossOptions) => {
      const asked = await findAsked(run, options.set, options.checkpoint);
      const finished = await untilInterrupted((signal) => tellLosses(asked, dataset, options, terminal, signal));
      if (finished === undefined) done(exitCodes.stopped);
    });
};

/** Lines are printed row by row; the document when all are there. */
async function tellLosses(
  asked: AskedModel,
  dataset: string,
  options: LossOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<true> {
  const status = statusLine(terminal);
  const { config, positions } = asked.parsed;
  status.show(oneLine(`Opening ${config.model}`, terminal.columns - 1));
  const trained = await openTrainedModel({
    ...{ config, positions, baseDirectory: folderOf(asked), weights: asked.weights, signal },
    onModel: (progress) => status.show(stageLine(progress, terminal.columns)),
    onEngineOutput: () => undefined,
  }).finally(() => status.clear());
  try {
    const reading = await readingOf(asked, trained, dataset);
    const rows = options.stdin === true ? rowsOfInput() : rowsOfFile(dataset, options.rows, signal);
    const all: RowLosses[] = [];
    if (options.json !== true) printLines(terminal, [terminal.style.dim(headOf(asked))]);
    for await (const row of rows) {
      signal.throwIfAborted();
      const losses = await lossesOfRow(row, reading, trained.session);
      if (options.json === true) all.push(losses);
      else {
        const look = { all: options.all === true, style: terminal.style, columns: terminal.columns };
        printLines(terminal, rowLossLines(losses, dataset, look));
      }
    }
    if (options.json === true) {
      const { run, from } = asked;
      printJson(terminal, { ...(run === undefined ? {} : { run }), weights: from, model: config.model, rows: all });
    }
    return true;
  } finally {
    await trained.session.close();
  }
}

function headOf({ run, from, parsed }: AskedModel): string {
  if (from === 'start') return `${parsed.config.model} before training`;
  return from === 'result' ? `Run ${run}, its result` : `Run ${run}, its checkpoint of step ${from}`;
}

function parseCheckpoint(text: string): WantedCheckpoint {
  if (text === 'best') return 'best';
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write the step of a checkpoint, or best.');
}
