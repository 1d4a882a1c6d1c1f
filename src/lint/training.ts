// What training makes of a row, by the very functions that the trainer uses: nothing learned, answers cut, special tokens.
import { convertValue } from '../data/formats/convert.ts';
import type { Format } from '../data/formats/format.ts';
import type { TextPosition } from '../data/json/locate.ts';
import { encodeRecord, type EncodedRecord, type EncodeOptions } from '../data/template/encodeRecord.ts';
import { ProblemError, type Severity } from '../protocol/problem.ts';
import type { Finding } from './finding.ts';
import { lineRange, offsetsOf } from './range.ts';
import { lintRow, type LintRow } from './row.ts';
import { severityOf, type LintSettings } from './settings.ts';

export interface TrainingLint {
  readonly findings: readonly Finding[];
  /** Absent when the row has no record or the template refuses it. */
  readonly encoded: EncodedRecord | undefined;
}

interface Said {
  readonly code: string;
  readonly message: string;
  readonly severity?: Severity;
  /** The finding is about the answer, not the row. */
  readonly isAnswer?: boolean;
}

/** Whatever `overflow` says, the row is cut where training cuts it, so that what is lost can be told. */
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
  const row = lintRow(text, value, settings.columns);
  const report = (said: readonly Said[]): Finding[] =>
    said.flatMap(({ code, message, severity: own, isAnswer }) => {
      const severity = severityOf(code, settings, own);
      if (severity === 'off') return [];
      const path = isAnswer ? (row.answer?.path ?? []) : [];
      const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
      return [{ code, severity, message: sentence, ...lineRange(text, offsetsOf(text, path), origin) }];
    });
  try {
    const encoded = encodeRecord(record, { ...options, overflow: 'truncate' });
    return {
      findings: report([...encoded.findings, ...lost(encoded, options), ...doubledBos(row, encoded, options)]),
      encoded,
    };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const refused = error.problems.map(({ message }) => ({ code: 'training/refused', message }));
    return { findings: report(refused), encoded: undefined };
  }
}

function lost(encoded: EncodedRecord, { maxLength, overflow }: EncodeOptions): Said[] {
  const { truncatedTokens, truncatedTrainedTokens, trainedTokens, tokens } = encoded;
  if (truncatedTokens === 0 || trainedTokens === 0) return [];
  if (truncatedTrainedTokens > 0 && overflow === 'truncate') {
    const message = `${truncatedTrainedTokens} of ${trainedTokens + truncatedTrainedTokens} trained tokens lie after data.max_length (${maxLength}) and are lost.`;
    return [{ code: 'training/answer-cut', message, isAnswer: true }];
  }
  const fate = { truncate: 'its end is cut off', drop: 'it is left out', error: 'the run will not start' }[overflow];
  const message = `The row has ${tokens.length + truncatedTokens} tokens and data.max_length is ${maxLength}: ${fate}.`;
  return [{ code: 'training/row-too-long', message }];
}

/** The row is given a BOS, and a text of it begins with one too. */
function doubledBos(row: LintRow, { tokens }: EncodedRecord, { tokenizer }: EncodeOptions): Said[] {
  const { bosTokenId } = tokenizer;
  const bos = bosTokenId === undefined ? undefined : tokenizer.idToToken(bosTokenId);
  if (!bos || tokens[0] !== bosTokenId || !row.leaves().some(({ text }) => text.startsWith(bos))) return [];
  const message = `A text begins with ${bos}, which is written before every row anyway. Take it out.`;
  return [{ code: 'training/doubled-bos', message }];
}

/** A share of trained tokens below this is seldom meant. */
const lowShare = 0.02;

/** The finding about all rows together, on the first line; undefined when enough of them is trained. */
export function lintTrainedShare(tokens: number, trainedTokens: number, settings: LintSettings): Finding | undefined {
  const code = 'training/low-trained-share';
  const severity = severityOf(code, settings);
  if (severity === 'off' || tokens === 0 || trainedTokens >= lowShare * tokens) return undefined;
  const percent = ((100 * trainedTokens) / tokens).toFixed(1);
  const message = `Only ${percent} % of all tokens are trained; the rest is computed for nothing. Shorten the prompts, or train on more turns (data.train_on).`;
  return { code, severity, message, line: 1, start: 0, end: 0 };
}
