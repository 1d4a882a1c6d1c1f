// What training makes of a row, by the very functions that the trainer uses: nothing learned, answers cut, special tokens.
import { convertValue } from '../data/formats/convert.ts';
import type { Format } from '../data/formats/format.ts';
import type { TextPosition } from '../data/json/locate.ts';
import { encodePair } from '../data/template/encodePair.ts';
import { encodeRecord, type EncodeOptions } from '../data/template/encodeRecord.ts';
import type { DataRecord } from '../data/records.ts';
import { lowTrainedShare } from '../data/template/trainingFindings.ts';
import { ProblemError, type Problem } from '../protocol/problem.ts';
import type { Finding } from './finding.ts';
import { lineRange, offsetsOf } from './range.ts';
import { lintRow } from './row.ts';
import { severityOf, type LintSettings } from './settings.ts';

export interface TrainingLint {
  readonly findings: readonly Finding[];
  /** Absent when the row has no record or the template refuses it. */
  readonly encoded: TrainedRow | undefined;
}

/** What of a row training takes: of a pair both of its sides. */
export interface TrainedRow {
  readonly fate: 'keep' | 'drop';
  readonly tokens: Int32Array;
  readonly mask: Uint8Array;
  readonly trainedTokens: number;
}

export function lintTraining(
  text: string,
  value: Readonly<Record<string, unknown>>,
  origin: TextPosition,
  format: Format,
  options: EncodeOptions,
  settings: LintSettings,
): TrainingLint {
  const { record } = convertValue(value, 'this row', format, settings.columns);
  if (record === undefined) return { findings: [], encoded: undefined };
  const report = ({ code, message, severity: own }: Problem): Finding[] => {
    const severity = severityOf(code, settings, own);
    if (severity === 'off') return [];
    const path = code === 'training/answer-cut' ? (lintRow(text, value, settings.columns).answer?.path ?? []) : [];
    const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
    return [{ code, severity, message: sentence, ...lineRange(text, offsetsOf(text, path), origin) }];
  };
  try {
    const encoded = encodeRow(record, options);
    return { findings: encoded.findings.flatMap(report), encoded };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const refused = error.problems.map((problem) => ({ ...problem, code: codes[problem.code] ?? 'training/refused' }));
    return { findings: refused.flatMap(report), encoded: undefined };
  }
}

function encodeRow(record: DataRecord, options: EncodeOptions): TrainedRow & { findings: readonly Problem[] } {
  if (record.kind !== 'preference') return encodeRecord(record, options);
  const pair = encodePair(record, options);
  return { ...pair, trainedTokens: pair.mask.reduce((sum, bit) => sum + bit, 0) };
}

/** Codes of what stops a run that a rule of its own tells. */
const codes: Readonly<Partial<Record<string, string>>> = { 'data/row-too-long': 'training/row-too-long' };

/** The finding about all rows together, on the first line; undefined when enough of them is trained. */
export function lintTrainedShare(tokens: number, trainedTokens: number, settings: LintSettings): Finding | undefined {
  const found = lowTrainedShare(tokens, trainedTokens);
  const severity = found && severityOf(found.code, settings);
  if (!found || !severity || severity === 'off') return undefined;
  return { code: found.code, severity, message: found.message, line: 1, start: 0, end: 0 };
}
