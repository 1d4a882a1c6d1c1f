// finetune check: what is wrong with a config and its data, or with data files alone, like a linter.
import type { DefineCommand } from '../program.ts';
import { checkData, isDataFile } from '../check/checkData.ts';
import { checkRun } from '../check/checkRun.ts';
import { exitCodes } from '../exitCodes.ts';
import { exitCodeOf } from '../failure.ts';
import { untilInterrupted } from '../interrupt.ts';
import { jsonOption, setOption, type JsonOption } from '../options.ts';
import { checkLines } from '../render/check.ts';
import { checkProgressLine } from '../render/checkProgress.ts';
import { dataLines } from '../render/data.ts';
import { stageLine } from '../render/stage.ts';
import { printJson, printLines, statusLine, type Terminal } from '../terminal.ts';
import { lintRules } from '../../lint/rules/table.ts';
import { onlyRules, severityLevels, type LintSettings } from '../../lint/settings.ts';
import { problem, ProblemError } from '../../protocol/problem.ts';

interface CheckCommandOptions extends JsonOption {
  readonly set: readonly string[];
  readonly configOnly?: boolean;
  readonly only?: readonly string[];
  readonly nearDuplicates: boolean;
  readonly severity: LintSettings['severities'];
  readonly places?: number;
  readonly progress?: boolean;
}

const help = `
With a config: opens the model (a hub id is downloaded) and reads all rows;
nothing is trained. The tokens go to the cache, so the run that follows does not
make them again.

With data files (.jsonl, .ndjson, .json, .parquet, also .gz): lints their rows,
whatever their size. The first is the training data; rows of it that stand in
the others are told. <file>.lint.yaml beside a file says what to pass over. A
config in this folder that names a file says its format, columns and severities.

Exit codes: 0 no errors, 1 errors in model or data, 2 errors in the config,
130 interrupted.

Examples:
  finetune check my.finetune.yaml
  finetune check my.finetune.yaml --config-only
  finetune check train.jsonl validation.jsonl
  finetune check train.jsonl --only form chat safety
  finetune check my.finetune.yaml --json | jq ".problems[].code"`;

export const define: DefineCommand = (command, terminal, done) => {
  command
    .argument('<files...>', 'a .finetune.yaml or .json config, or data files')
    .addOption(setOption())
    .option('--config-only', 'look at the config alone')
    .option('--only <rules...>', 'lint data files by these rules or groups of them (docs/lint.md)')
    .option('--no-near-duplicates', 'do not compare rows of data files for likeness')
    .option(
      '--severity <rule=level>',
      'how loud a rule or group is where no sidecar file says it; may be repeated',
      severityOption,
      {},
    )
    .option('--places <number>', 'findings of a code that are listed with their places', placesOption)
    .option('--progress', 'tell on stderr how far a check of data files is, a line each, also without a terminal')
    .addOption(jsonOption('one document'))
    .addHelpText('after', help)
    .action(async (files: string[], options: CheckCommandOptions) => {
      const [file = ''] = files;
      if ((await Promise.all(files.map(isDataFile))).every(Boolean)) {
        done(await lintData(files, options, terminal));
        return;
      }
      if (files.length > 1)
        throw problem('cli/one-config', 'Name one config, or data files only (.jsonl, .ndjson, .json, .parquet).');
      const status = statusLine(terminal);
      const report = await untilInterrupted((signal) =>
        checkRun(file, {
          overrides: options.set,
          configOnly: options.configOnly ?? false,
          signal,
          onModel: (progress) => status.show(stageLine(progress, terminal.columns)),
          onData: (progress) => status.show(stageLine(progress, terminal.columns)),
        }),
      ).finally(() => status.clear());
      if (report === undefined) {
        done(exitCodes.stopped);
        return;
      }
      if (options.json) printJson(terminal, report);
      else printLines(terminal, checkLines(report, terminal.style, process.cwd()));
      const errors = report.problems.filter(({ severity }) => severity === 'error');
      done(errors.length === 0 ? exitCodes.done : exitCodeOf(new ProblemError(errors)));
    });
};

/** `code=level`, or `group=level`, added to those before. Throws `cli/bad-severity` and `lint/unknown-rule`. */
function severityOption(text: string, before: LintSettings['severities']): LintSettings['severities'] {
  const [code = '', level] = text.split('=');
  const severity = severityLevels.find((known) => known === level);
  if (severity === undefined)
    throw problem(
      'cli/bad-severity',
      `--severity takes code=level, where level is one of ${severityLevels.join(', ')}.`,
    );
  onlyRules([code]);
  const meant = lintRules.filter((rule) => rule.code === code || rule.group === code);
  return { ...before, ...Object.fromEntries(meant.map((rule) => [rule.code, severity])) };
}

function placesOption(text: string): number {
  const places = Number(text);
  if (Number.isInteger(places) && places > 0 && places <= 100_000) return places;
  throw problem('cli/bad-places', '--places takes a whole number from 1 to 100000.');
}

/** Milliseconds between two lines of `--progress`. */
const progressPause = 500;

/** Lints data files and returns the exit code. */
async function lintData(files: readonly string[], options: CheckCommandOptions, terminal: Terminal): Promise<number> {
  const status = statusLine(terminal);
  let current = { file: '', begun: 0 };
  let told = 0;
  const reports = await untilInterrupted((signal) =>
    checkData(files, {
      signal,
      places: options.places,
      wanted: options.severity,
      severities: {
        ...(options.only ? onlyRules(options.only) : {}),
        ...(options.nearDuplicates ? {} : { 'quality/near-duplicate': 'off' }),
      },
      onProgress: (progress) => {
        if (progress.file !== current.file) current = { file: progress.file, begun: performance.now() };
        const seconds = (performance.now() - current.begun) / 1000;
        const line = checkProgressLine(progress, seconds, terminal.columns);
        status.show(line);
        if (!options.progress || performance.now() - told < progressPause) return;
        told = performance.now();
        terminal.writeError(`${line}\n`);
      },
    }),
  ).finally(() => status.clear());
  if (reports === undefined) return exitCodes.stopped;
  if (options.json) printJson(terminal, { files: reports });
  else printLines(terminal, dataLines(reports, terminal.style, terminal.columns));
  const failed = reports.some(({ findings }) => findings.some(({ severity }) => severity === 'error'));
  return failed ? exitCodes.failed : exitCodes.done;
}
