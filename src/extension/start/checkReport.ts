// What `finetune check --json` says, read with care. Pure.

import type { Place, Problem, Severity } from '../../protocol/problem.ts';
import { isObject } from '../../protocol/guards.ts';

const severities: readonly Severity[] = ['error', 'warning', 'information', 'hint'];

/** The problems of a check; undefined when the text is not its document. */
export function readProblems(text: string): Problem[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || !Array.isArray(value['problems'])) return undefined;
    return value['problems'].map(problemOf).filter((problem) => problem !== undefined);
  } catch {
    return undefined;
  }
}

function problemOf(value: unknown): Problem | undefined {
  if (!isObject(value) || typeof value['code'] !== 'string' || typeof value['message'] !== 'string') return undefined;
  const severity = severities.find((known) => known === value['severity']) ?? 'error';
  const place = placeOf(value['place']);
  const details = Array.isArray(value['details'])
    ? value['details'].filter((line): line is string => typeof line === 'string')
    : undefined;
  return {
    code: value['code'],
    severity,
    message: value['message'],
    ...(place ? { place } : {}),
    ...(details ? { details } : {}),
  };
}

function placeOf(value: unknown): Place | undefined {
  if (!isObject(value) || typeof value['file'] !== 'string') return undefined;
  const numbers = Object.fromEntries(
    ['line', 'column', 'endLine', 'endColumn'].flatMap((key) => {
      const number = value[key];
      return typeof number === 'number' && Number.isInteger(number) && number > 0 ? [[key, number]] : [];
    }),
  );
  return { file: value['file'], ...numbers };
}
