// The list of runs as a table.
import type { RunSummary } from '../../runs/store.ts';
import { formatAge, formatLoss } from './numbers.ts';
import type { Style } from './style.ts';
import { tableLines } from './table.ts';

/** Newest first, as listed; `now` in milliseconds since 1970. */
export function runTable(runs: readonly RunSummary[], columns: number, style: Style, now: number): string[] {
  const head = [
    { title: 'RUN', flexible: true },
    { title: 'STATE' },
    { title: 'STEP', align: 'right' },
    { title: 'LOSS', align: 'right' },
    { title: 'AGE', align: 'right' },
  ] as const;
  const rows = runs.map(({ manifest, status, lastStep }) => [
    manifest.id,
    status.replace('_', ' '),
    stepsText(lastStep?.step, manifest.prepared?.total_steps),
    lastStep ? formatLoss(lastStep.loss) : '-',
    formatAge(now - Date.parse(manifest.created)),
  ]);
  const [title = '', ...lines] = tableLines(head, rows, columns);
  return [style.bold(title), ...lines];
}

function stepsText(step: number | undefined, total: number | undefined): string {
  if (total === undefined) return step === undefined ? '-' : String(step);
  return `${step ?? 0}/${total}`;
}
