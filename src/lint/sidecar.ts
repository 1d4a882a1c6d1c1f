// The sidecar file of a dataset, `<dataset>.lint.yaml`: what its owner has looked at and accepts. The data stay clean.
import { isSeq, parseDocument } from 'yaml';
import { isObject } from '../data/formats/fields.ts';
import { parseExclusions } from '../data/exclusions.ts';
import { nearestName } from '../data/nearestName.ts';
import { problem, type ProblemError } from '../protocol/problem.ts';
import { ruleByCode } from './rules/table.ts';
import { severityLevels, type LintSettings, type LintSeverity } from './settings.ts';

export type Sidecar = Pick<LintSettings, 'severities' | 'rows'>;

export { sidecarPath } from '../data/exclusions.ts';

/**
 * `severity: {code: level}` for the whole file, `rows: {row id: [code, …]}` for single rows.
 * `exclude: [id, …]` are rows that are not trained: data/exclusions.ts reads and writes them.
 * Throws `lint/bad-sidecar` for anything else; `file` is its name in the message.
 */
export function parseSidecar(text: string, file: string): Sidecar {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) {
    const at = error.linePos?.[0];
    throw bad(error.message.split('\n')[0] ?? 'This is not valid YAML.', file, at && { line: at.line, column: at.col });
  }
  const value: unknown = document.toJS() ?? {};
  if (!isObject(value)) throw bad('It should hold "severity", "rows" and "exclude".', file);
  const unknown = Object.keys(value).find((key) => !['severity', 'rows', 'exclude'].includes(key));
  if (unknown !== undefined)
    throw bad(`There is no key "${unknown}"; known are "severity", "rows" and "exclude".`, file);
  parseExclusions(value, file);
  const severities: Record<string, LintSeverity> = {};
  for (const [code, level] of entries(value['severity'], 'severity', file))
    severities[known(code, file)] = levelOf(code, level, file);
  const rows: Record<string, readonly string[]> = {};
  for (const [id, codes] of entries(value['rows'], 'rows', file)) rows[id] = codesOf(id, codes, file);
  return { severities, rows };
}

/** What somebody accepts: a code in all of a file, or in the row with an id. */
export interface Acceptance {
  readonly code: string;
  readonly row?: string;
}

/** The text of a sidecar with one more thing accepted; comments and other keys stay. Throws as `parseSidecar`. */
export function withAcceptance(text: string, { code, row }: Acceptance, file: string): string {
  parseSidecar(text, file);
  const document = parseDocument(text);
  if (row === undefined) {
    document.setIn(['severity', code], 'off');
  } else {
    const listed: unknown = document.getIn(['rows', row]);
    const codes: unknown = isSeq(listed) ? listed.toJSON() : [];
    const all = Array.isArray(codes) ? codes.map(String) : [];
    if (!all.includes(code)) document.setIn(['rows', row], document.createNode([...all, code], { flow: true }));
  }
  return document.toString({ lineWidth: 0 });
}

function entries(value: unknown, key: string, file: string): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) throw bad(`"${key}" should be a mapping.`, file);
  return Object.entries(value);
}

function known(code: string, file: string): string {
  if (ruleByCode.has(code)) return code;
  const near = nearestName(code, [...ruleByCode.keys()]);
  throw bad(`There is no rule "${code}".${near === undefined ? '' : ` Did you mean "${near}"?`}`, file);
}

function levelOf(code: string, level: unknown, file: string): LintSeverity {
  // YAML 1.1 readers write `off` as false.
  const found = level === false ? 'off' : severityLevels.find((one) => one === level);
  if (found === undefined) throw bad(`The severity of "${code}" should be one of ${severityLevels.join(', ')}.`, file);
  return found;
}

function codesOf(id: string, codes: unknown, file: string): string[] {
  if (!Array.isArray(codes)) throw bad(`Row "${id}" should have a list of codes.`, file);
  return codes.map((code: unknown) => known(String(code), file));
}

function bad(message: string, file: string, at?: { line: number; column: number }): ProblemError {
  return problem('lint/bad-sidecar', message, { file, ...at });
}
