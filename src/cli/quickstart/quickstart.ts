// The quickstart from beginning to end: measure, fine-tune in a run of its own, measure again, show and judge.
import { join } from 'node:path';
import { exitCodes } from '../exitCodes.ts';
import { findSource } from '../generation/source.ts';
import { readConfigFile, runName } from '../readConfig.ts';
import { attachToTrainer } from '../runCommand.ts';
import { printJson, printLines, type Terminal } from '../terminal.ts';
import { packageFile } from '../../platform/packageFile.ts';
import { startRun } from '../../runs/startRun.ts';
import { openRun } from '../../runs/store.ts';
import { readHeldOutRows, type QuickstartFiles } from './example.ts';
import { howToCall } from './invocation.ts';
import { measureExactMatch, tellingRows, type Measured } from './measure.ts';
import { answersLines, exactMatchLine, nextLines, placesLines, type Places } from './report.ts';

export interface QuickstartRequest {
  readonly files: QuickstartFiles;
  readonly overrides: readonly string[];
  readonly runsFolder: string;
  readonly json: boolean;
}

/** Exact match from which on the task counts as learned. */
const learnedFrom = 0.9;
const samplesShown = 3;

/** Returns the exit code: 0 when the model has learned the task. */
export async function runQuickstart(request: QuickstartRequest, terminal: Terminal): Promise<number> {
  const { files, overrides, runsFolder, json } = request;
  const said: Terminal = json ? { ...terminal, interactive: false, write: () => undefined } : terminal;
  const { bold } = said.style;
  const config = await readConfigFile(files.config, overrides);
  const rows = await readHeldOutRows(files.heldOut);
  const measure = (source: Parameters<typeof measureExactMatch>[0]): Promise<Measured> =>
    measureExactMatch(source, rows, showCount(said, rows.length));

  printLines(said, [
    bold('A small language model learns to turn orders into records.'),
    `It is asked ${String(rows.length)} held-out orders before and after; only an exact answer counts.`,
    '',
  ]);
  const before = await measure(await findSource({ model: files.model }, runsFolder));
  printLines(said, [exactMatchLine('before', before.exactMatch), '']);

  const run = await startRun({
    configFile: files.config,
    name: runName(config, files.config),
    overrides,
    runsFolder,
    trainer: packageFile('dist/trainer.js'),
  });
  const exitCode = await attachToTrainer(run, { json: false, detach: false }, said);
  if (exitCode !== exitCodes.done) return exitCode;
  const { state } = await openRun(run.folder);

  const after = await measure(await findSource({ run: run.folder }, runsFolder));
  const learned = after.exactMatch >= learnedFrom;
  const places: Places = {
    runFolder: run.folder,
    trained: join(run.folder, state.finished?.result?.path ?? ''),
    ...files,
  };
  const samples = tellingRows(rows, before.answers, after.answers, samplesShown).map((i) => ({
    prompt: rows[i]!.instruction,
    expected: rows[i]!.output,
    before: before.answers[i]!,
    after: after.answers[i]!,
  }));
  if (json) {
    printJson(terminal, {
      learned,
      exactMatch: { before: before.exactMatch, after: after.exactMatch, required: learnedFrom, rows: rows.length },
      trainingSeconds: state.finished?.took.seconds ?? 0,
      samples,
      runId: run.id,
      ...places,
    });
  }
  const context = { columns: said.columns, style: said.style, directory: process.cwd() };
  const finetune = howToCall(process.argv[1], process.cwd());
  printLines(said, [
    '',
    exactMatchLine('after', after.exactMatch),
    ...answersLines(samples, context),
    '',
    ...placesLines(places, context),
    '',
    ...nextLines(finetune, places, rows[0]?.instruction ?? '', context),
  ]);
  if (!learned) explainMiss(after.exactMatch, overrides, finetune, terminal);
  return learned ? exitCodes.done : exitCodes.failed;
}

function explainMiss(share: number, overrides: readonly string[], finetune: string, terminal: Terminal): void {
  const wanted = `${String(100 * learnedFrom)} %`;
  const reason =
    overrides.length > 0
      ? `It was changed by --set ${overrides.join(' --set ')}; without that it reaches ${wanted}.`
      : `As it stands it reaches ${wanted} on every machine it was tried on, so something computes wrongly here or the ` +
        `files of examples/quickstart have been changed. ${finetune} doctor tells what this machine has.`;
  terminal.writeError(
    `${terminal.style.red('error')}: the task was not learned: ${(100 * share).toFixed(1)} % instead of ${wanted}.\n${reason}\n`,
  );
}

/** On a terminal a line that counts the answers, wiped at the end; nothing in a log. */
function showCount(terminal: Terminal, total: number): (done: number) => void {
  if (!terminal.interactive) return () => undefined;
  const clear = '\r\u001b[2K';
  return (done) => {
    terminal.write(done === total ? clear : `${clear}asking ${String(done)}/${String(total)}`);
  };
}
