// The tokens of a row, or a sentence on why there are none.
import type { EncodeOptions } from '../data/template/encodeRecord.ts';
import type { RowDetail } from '../protocol/previewViews.ts';
import { readValue, recordOf, type Reading } from './readRow.ts';
import type { RowBytes } from './rowFile.ts';
import { sentenceOf } from './sentences.ts';
import { tokensOf } from './tokenView.ts';

/** `without`: what is said when no config gives `options`. */
export function rowTokens(
  row: RowBytes,
  reading: Reading,
  options: EncodeOptions | undefined,
  without: string,
): Pick<RowDetail, 'tokens' | 'noTokens'> {
  if (!options) return { noTokens: without };
  const read = readValue(row, reading);
  if ('problem' in read) return { noTokens: read.problem };
  const { record, issues } = recordOf(read, reading);
  if (!record) return { noTokens: issues.map(({ message }) => message).join(' ') };
  try {
    return { tokens: tokensOf(record, options) };
  } catch (error) {
    return { noTokens: sentenceOf(error) };
  }
}
