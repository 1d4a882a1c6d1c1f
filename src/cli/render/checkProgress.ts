// The line that shows how far the linting of a data file is: a bar, the share, the time that is left.
import type { CheckProgress } from '../../lint/checkFile.ts';
import { formatBytes, formatDuration } from './numbers.ts';
import { oneLine } from './text.ts';

const barWidth = 20;
/** An estimate from less than this share of a file says more of the beginning than of the file. */
const leastShare = 0.02;

/** At most `columns - 1` characters. `seconds` since the file was begun. */
export function checkProgressLine(progress: CheckProgress, seconds: number, columns: number): string {
  const { file, phase, bytesRead, bytesTotal } = progress;
  if (phase === 'compare') return oneLine(`comparing the rows of ${file}`, columns - 1);
  const share = bytesTotal === 0 ? 1 : Math.min(1, bytesRead / bytesTotal);
  const filled = Math.round(share * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  const left = share < leastShare ? '' : `, ${formatDuration((seconds * (1 - share)) / share)} left`;
  const tail = ` ${bar} ${Math.floor(100 * share)} % of ${formatBytes(bytesTotal)}${left}`;
  return oneLine(`${oneLine(`checking ${file}`, Math.max(10, columns - 1 - tail.length))}${tail}`, columns - 1);
}
