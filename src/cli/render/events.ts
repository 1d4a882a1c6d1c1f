// What a run's events say to a person: the lines that stay on the screen above the progress line.
import { basename, resolve } from 'node:path';
import { mayChange } from '../../config/changeable.ts';
import type { EventOf, ProblemReport, TrainerEvent } from '../../protocol/events.ts';
import type { Problem } from '../../protocol/problem.ts';
import { resumeCommand, startCommand } from '../../runs/commandLine.ts';
import { formatBytes, formatCount, formatDuration, formatEpochs, formatLoss, formatShare } from './numbers.ts';
import { problemLines, shortPath } from './problems.ts';
import type { Style } from './style.ts';
import { oneLine, wrap } from './text.ts';

export interface RenderContext {
  readonly columns: number;
  readonly style: Style;
  /** The current directory, to shorten paths. */
  readonly directory: string;
  /** The run folder, which results and checkpoints in events are relative to. */
  readonly runFolder: string;
  /** Folder of the config, which places in data files are relative to. */
  readonly baseDirectory: string;
  /** The command line that the run was started with; a failure's remedies are added to it. */
  readonly start?: { readonly configFile: string; readonly overrides: readonly string[] } | undefined;
  /** Whether the run has come to its steps: then only what leaves them as they are can change in it. */
  readonly isBegun?: boolean;
}

/** Lines for one event; none for those that only move the progress line. */
export function eventLines(event: TrainerEvent, context: RenderContext): string[] {
  const { style, columns } = context;
  switch (event.type) {
    case 'started':
      return startedLines(event, context);
    case 'probed':
      return [
        `${style.bold('Probe')}  step ${event.step}, which needs the most, took ${formatBytes(event.memory_bytes)} of memory (measured)`,
      ];
    case 'evaluated': {
      const best = event.best ? style.green(' (best so far)') : '';
      const { perplexity, metrics = {} } = event;
      const further = perplexity === undefined ? Object.entries(metrics) : [['perplexity', perplexity] as const];
      const numbers = [['evaluation loss', event.loss] as const, ...further];
      return [
        `step ${event.step}: ${numbers.map(([name, value]) => `${name} ${formatLoss(value)}`).join(', ')}${best}`,
      ];
    }
    case 'sample': {
      const width = columns - 4;
      return [style.dim(`  > ${oneLine(event.prompt, width)}`), `    ${oneLine(event.answer, width)}`];
    }
    case 'checkpoint':
      return [style.dim(`step ${event.step}: saved ${event.path} (${formatBytes(event.bytes)})`)];
    case 'warning':
      return problemLines(asProblem(event.problem, 'warning', context), style, context.directory);
    case 'paused':
      return [style.yellow(`step ${event.step}: paused`)];
    case 'resumed': {
      const from = event.after === 'restart' ? ` from ${event.checkpoint ?? 'the beginning'}` : '';
      return [style.green(`step ${event.step}: going on${from}`)];
    }
    case 'setting_changed':
      return [`step ${event.step}: ${event.setting} is now ${event.value} (was ${event.previous})`];
    case 'acknowledged':
      return event.accepted ? [] : [style.yellow(`${event.command} was refused: ${event.reason ?? 'no reason given'}`)];
    case 'finished':
      return finishedLines(event, context);
    case 'failed':
      return failedLines(event, context);
    case 'hello':
    case 'progress':
    case 'step':
      return [];
  }
}

function startedLines(event: EventOf<'started'>, { style }: RenderContext): string[] {
  const { estimates } = event;
  const cost = [
    ...(estimates.seconds === undefined ? [] : [`about ${formatDuration(estimates.seconds)}`]),
    ...(estimates.memory_bytes === undefined ? [] : [`${formatBytes(estimates.memory_bytes)} of memory`]),
    ...(estimates.disk_bytes === undefined ? [] : [`${formatBytes(estimates.disk_bytes)} of disk`]),
  ];
  return [
    ...planLines(event, style),
    ...(cost.length === 0 ? [] : [`${style.bold('Cost')}   ${cost.join(', ')} (estimated)`]),
  ];
}

/** What will be trained, on what, and in how many steps. */
export function planLines(
  { plan, model, device, threads }: Pick<EventOf<'started'>, 'plan' | 'model' | 'device' | 'threads'>,
  style: Style,
): string[] {
  const share = model.total_parameters === 0 ? 0 : (100 * model.trainable_parameters) / model.total_parameters;
  const trained = plan.train_tokens === 0 ? 0 : (100 * plan.trained_tokens) / plan.train_tokens;
  const parameters = `${formatCount(model.trainable_parameters)} of ${formatCount(model.total_parameters)} parameters`;
  return [
    `${style.bold('Model')}  ${model.architecture}, training ${parameters} (${formatShare(share)} %)`,
    `${style.bold('Data')}   ${formatCount(plan.train_rows)} rows of ${formatCount(plan.train_tokens)} tokens ` +
      `(${trained.toFixed(0)} % trained), ${formatCount(plan.validation_rows)} for validation`,
    `${style.bold('Plan')}   ${formatCount(plan.total_steps)} steps of ${plan.rows_per_step} rows, ` +
      `${formatEpochs(plan.epochs)}, on ${device} with ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  ];
}

function finishedLines(event: EventOf<'finished'>, { style, runFolder, directory }: RenderContext): string[] {
  const { outcome, took, result, best } = event;
  const title: Record<typeof outcome, string> = {
    completed: style.green('Done'),
    early_stopped: style.green('Stopped early: the evaluation loss no longer falls'),
    stopped: style.yellow('Stopped'),
  };
  const speed = `${formatCount(took.tokens_per_second)} tokens/s, ${formatBytes(took.peak_memory_bytes)} of memory at most`;
  const path = result && shortPath(`${runFolder}/${result.path}`, directory);
  return [
    `${title[outcome]} after ${event.step} ${event.step === 1 ? 'step' : 'steps'} and ${formatDuration(took.seconds)} (${speed}).`,
    ...(best ? [`Best evaluation: ${formatLoss(best.best_value)} at step ${best.step}.`] : []),
    ...(result && path ? [`The ${result.kind} of step ${result.step} is in ${path}`] : []),
    ...(result?.output ? [`and copied to ${shortPath(result.output, directory)}`] : []),
    ...(outcome === 'stopped' ? [style.dim(`finetune resume ${basename(runFolder)} goes on from here.`)] : []),
  ];
}

function failedLines({ cause, evidence, remedies }: EventOf<'failed'>, context: RenderContext): string[] {
  const { style, columns, directory } = context;
  const bullet = (text: string): string[] =>
    wrap(text, columns, '    ').map((line, i) => (i === 0 ? `  - ${line.trimStart()}` : line));
  return [
    ...problemLines(asProblem(cause, 'error', context), style, directory),
    ...(evidence.length === 0 ? [] : ['Evidence:', ...evidence.flatMap(bullet)]),
    ...(remedies.length === 0
      ? []
      : ['What to change:', ...remedies.flatMap((remedy) => remedyLines(remedy, context, bullet))]),
  ];
}

/** A remedy with what it saves, and the command that applies it in a line of its own, which can be copied. */
function remedyLines(
  { text, set, saves }: EventOf<'failed'>['remedies'][number],
  { start, isBegun = false, runFolder, directory }: RenderContext,
  bullet: (text: string) => string[],
): string[] {
  const memory = saves?.memory_bytes === undefined ? [] : [`saves ${formatBytes(saves.memory_bytes)} of memory`];
  const disk = saves?.disk_bytes === undefined ? [] : [`saves ${formatBytes(saves.disk_bytes)} of disk`];
  const notes = [...memory, ...disk];
  const lines = bullet(notes.length === 0 ? text : `${text} (${notes.join(', ')})`);
  if (!set) return lines;
  const changes = Object.entries(set).map(([path, value]) => `${path}=${String(value)}`);
  const isSame = !isBegun || mayChange(Object.keys(set));
  if (isSame) return [...lines, `    ${resumeCommand(basename(runFolder), changes)}`];
  if (!start) return [...lines, ...changes.map((change) => `    --set ${change}`)];
  return [...lines, `    ${startCommand(shortPath(start.configFile, directory), [...start.overrides, ...changes])}`];
}

function asProblem(report: ProblemReport, severity: Problem['severity'], { baseDirectory }: RenderContext): Problem {
  const { place, ...rest } = report;
  return { ...rest, severity, ...(place ? { place: { ...place, file: resolve(baseDirectory, place.file) } } : {}) };
}
