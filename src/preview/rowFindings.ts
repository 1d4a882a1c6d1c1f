// What the lint rules and the trainer say of one row by itself.
import type { Looks } from '../data/formats/detect.ts';
import { formats } from '../data/formats/format.ts';
import type { EncodeOptions } from '../data/template/encodeRecord.ts';
import type { Finding } from '../lint/finding.ts';
import { lineContext, lintLine } from '../lint/line.ts';
import type { LintSettings } from '../lint/settings.ts';
import { lintTraining } from '../lint/training.ts';
import type { PreviewFinding } from '../protocol/previewViews.ts';
import { looksOfRows } from './looks.ts';
import { readValue, type Reading } from './readRow.ts';
import type { RowBytes } from './rowFile.ts';

export interface RowSettings {
  readonly reading: Reading;
  readonly options?: EncodeOptions | undefined;
  readonly lint: LintSettings;
}

/** Rows larger than this are counted, and not looked into. */
export const largestLooked = 4 * 2 ** 20;

/** Findings of one row by itself, for its view. */
export function findingsOf(row: RowBytes, settings: RowSettings, looks: readonly Looks[]): PreviewFinding[] {
  if (row.byteLength > largestLooked) return [];
  const { reading, lint, options } = settings;
  const text = row.bytes.toString('utf8');
  const origin = { line: row.line, column: row.column };
  const format = lint.format === 'auto' ? looksOfRows(looks) : lint.format;
  const found: Finding[] = [...lintLine(text, origin, lineContext(lint, format)).findings];
  const read = readValue(row, reading);
  if (options && !('problem' in read)) {
    const chosen = reading.format === 'auto' ? formats.find((each) => each === read.looks) : reading.format;
    if (chosen) found.push(...lintTraining(text, read.value, origin, chosen, options, lint).findings);
  }
  return found.map(({ code, severity, message }) => ({ code, severity, message }));
}
