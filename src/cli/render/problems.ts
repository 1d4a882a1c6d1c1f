// Problems as lines of a terminal, in the form that editors make clickable: file:line:column: severity: sentence [code].
import { isAbsolute, relative } from 'node:path';
import { formatPlace, type Place, type Problem, type Severity } from '../../protocol/problem.ts';
import type { Style } from './style.ts';
import { plainText } from './text.ts';

/** Lines for one problem. Paths inside `directory` are shown relative to it. */
export function problemLines(problem: Problem, style: Style, directory: string): string[] {
  const place = problem.place ? `${formatPlace(shorten(problem.place, directory))}: ` : '';
  const severity = paint(problem.severity, style);
  const head = `${style.bold(place)}${severity}: ${plainText(problem.message)} ${style.dim(`[${problem.code}]`)}`;
  return [head, ...(problem.details ?? []).map((detail) => `    ${plainText(detail)}`)];
}

/** `2 errors, 1 warning`; what does not occur is left out. */
export function countProblems(problems: readonly Problem[]): string {
  const names: Record<Severity, [string, string]> = {
    error: ['error', 'errors'],
    warning: ['warning', 'warnings'],
    information: ['note', 'notes'],
    hint: ['hint', 'hints'],
  };
  const order: Severity[] = ['error', 'warning', 'information', 'hint'];
  const parts = order.flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [`${count} ${names[severity][count === 1 ? 0 : 1]}`];
  });
  return parts.length === 0 ? 'no problems' : parts.join(', ');
}

/** A path as a person in `directory` would write it. */
export function shortPath(path: string, directory: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(directory, path);
  return short === '' ? '.' : short.startsWith('..') || isAbsolute(short) ? path : short;
}

function shorten(place: Place, directory: string): Place {
  return { ...place, file: shortPath(place.file, directory) };
}

function paint(severity: Severity, style: Style): string {
  if (severity === 'error') return style.red('error');
  if (severity === 'warning') return style.yellow('warning');
  return style.cyan(severity === 'information' ? 'note' : severity);
}
