// The report of `finetune rehearse` as lines: a table with what differs in red, and sentences.
import type { Cell } from '../rehearse/compare.ts';
import type { Rehearsal } from '../rehearse/rehearse.ts';
import type { Style } from './style.ts';
import { tableLines, type Column } from './table.ts';
import { wrap } from './text.ts';

/** Marks what differs; also where there are no colours. */
const mark = ' ✗';

export function rehearsalLines(rehearsal: Rehearsal, columns: number, style: Style): string[] {
  const { steps, norms, findings, agrees, model, fullSize, device, versions } = rehearsal;
  const right = (title: string): Column => ({ title, align: 'right' });
  const stepTable = tableLines(
    ['step', 'rate', 'trained', 'loss', 'torch', '±', 'gradient', 'torch', '±'].map(right),
    steps.map(({ step, learningRate, trainedTokens, loss, gradNorm }) => [
      String(step),
      single(learningRate),
      single(trainedTokens),
      ...pair(loss),
      ...pair(gradNorm),
    ]),
    columns,
  );
  const normTable = tableLines(
    [{ title: 'after the last step' }, ...['embedded', 'torch', '±'].map(right)],
    [
      ['weights have moved by', ...pair(norms.moved)],
      ["optimiser's mean gradient", ...pair(norms.gradientMean)],
      ["optimiser's mean square", ...pair(norms.squareMean)],
    ],
    columns,
  );
  const red = (line: string): string => line.replaceAll(/\S+ ✗/g, (found) => style.red(found));
  const where = fullSize ? `the model itself (${model})` : `a small random twin of ${model}`;
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const verdict = agrees
    ? style.green('The engines agree.')
    : style.red('The engines differ. Do not trust a run before it is known why.');
  return [
    ...wrap(
      `Both engines on ${where}, 32-bit floats, no dropout; torch on ${device} (${libraries.join(', ')}).`,
      columns,
    ),
    '',
    ...stepTable.map(red),
    '',
    ...normTable.map(red),
    '',
    verdict,
    ...findings.flatMap((finding) => wrap(`- ${finding}`, columns, '  ')),
  ];
}

/** What both engines must have the same: what torch has, marked where it is not. */
function single({ torch, differs }: Cell): string {
  return Number(torch.toPrecision(3)).toString() + (differs ? mark : '');
}

function pair({ embedded, torch, difference, differs }: Cell): string[] {
  const off = Number.isNaN(difference) ? 'NaN' : difference === 0 ? '0' : difference.toExponential(0);
  return [digits(embedded), digits(torch), differs ? off + mark : off];
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(5);
}
