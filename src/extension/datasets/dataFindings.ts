// What `finetune check <data> --json` says of a data file, read with care. Pure.

import type { Problem, Severity } from '../../protocol/problem.ts';
import { isObject } from '../../protocol/guards.ts';

export interface CodeFindings {
  /** The first findings of a code, with places. */
  readonly problems: readonly Problem[];
  /** All of them. */
  readonly count: number;
}

const severities: readonly Severity[] = ['error', 'warning', 'information', 'hint'];

/** Findings by code; undefined when the text is not the document of a check of data files. */
export function readDataFindings(text: string): CodeFindings[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || !Array.isArray(value['files'])) return undefined;
    return value['files'].flatMap((file: unknown) => (isObject(file) ? findingsOf(file) : []));
  } catch {
    return undefined;
  }
}

function findingsOf({ file, findings }: Readonly<Record<string, unknown>>): CodeFindings[] {
  if (typeof file !== 'string' || !Array.isArray(findings)) return [];
  return findings.flatMap((found: unknown): CodeFindings[] => {
    if (!isObject(found) || typeof found['count'] !== 'number' || !Array.isArray(found['first'])) return [];
    const problems = found['first'].flatMap((each: unknown) => (isObject(each) ? problemOf(each, file) : []));
    return [{ problems, count: found['count'] }];
  });
}

/** The command line counts columns from 0, problems from 1. */
function problemOf(
  { code, message, severity: given, line, start, end }: Readonly<Record<string, unknown>>,
  file: string,
): Problem[] {
  const severity = severities.find((known) => known === given);
  if (typeof code !== 'string' || typeof message !== 'string' || severity === undefined) return [];
  if (typeof line !== 'number' || typeof start !== 'number' || typeof end !== 'number') return [];
  return [{ code, severity, message, place: { file, line, column: start + 1, endLine: line, endColumn: end + 1 } }];
}
