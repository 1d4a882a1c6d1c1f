// One line for work that takes a while before anything is trained: downloads, conversions, reading rows.
import type { PrepareProgress } from '../../data/prepare/progress.ts';
import type { ModelProgress } from '../../models/openModel.ts';
import { formatBytes, formatCount } from './numbers.ts';
import { oneLine } from './text.ts';

/** At most `columns - 1` characters, so that the cursor stays on the line. */
export function stageLine(progress: ModelProgress | PrepareProgress, columns: number): string {
  return oneLine('stage' in progress ? modelLine(progress) : dataLine(progress), columns - 1);
}

function modelLine({ stage, item, done, total }: ModelProgress): string {
  const verb = stage === 'download' ? 'downloading' : 'converting';
  return `${verb} ${item}: ${formatBytes(done)} of ${formatBytes(total)}`;
}

function dataLine({ phase, file, bytesRead, bytesTotal, rows }: PrepareProgress): string {
  const verbs = { hash: 'reading', detect: 'telling the format of', tokenise: 'tokenising' };
  const share = bytesTotal === 0 ? 100 : Math.floor((100 * bytesRead) / bytesTotal);
  return `${verbs[phase]} ${file}: ${share} %${rows === 0 ? '' : `, ${formatCount(rows)} rows`}`;
}
