// Losses token by token as lines: which tokens of a row the model expects, and which surprise it.
import type { RowLosses, TokenLoss } from '../loss/rowLosses.ts';
import { formatCount, formatLoss, formatShare } from './numbers.ts';
import type { Style } from './style.ts';
import { tableLines } from './table.ts';
import { oneLine } from './text.ts';

export interface LossLook {
  /** Masked tokens, too. */
  readonly all: boolean;
  readonly style: Style;
  /** Width of the terminal. */
  readonly columns: number;
}

/** A head and a line a token; `file` is where the row stands. */
export function rowLossLines(row: RowLosses, file: string, { all, style, columns }: LossLook): string[] {
  const place = `${file}:${row.line}`;
  if (row.problem !== undefined) return [style.bold(oneLine(place, columns)), oneLine(row.problem, 10_000)];
  const counts = `${formatCount(row.tokens.length)} tokens, ${formatCount(row.trained)} trained`;
  const mean =
    row.loss === undefined
      ? 'nothing trained'
      : `loss ${formatLoss(row.loss)}, perplexity ${formatLoss(Math.exp(row.loss))}`;
  const shown = row.tokens.flatMap((token, position) => (all || token.trained ? [{ ...token, position }] : []));
  const head = style.bold(oneLine(`${place}: ${counts}, ${mean}`, columns));
  if (shown.length === 0) return [head];
  const [title = '', ...lines] = tableLines(
    [
      { title: 'position', align: 'right' },
      { title: 'id', align: 'right' },
      { title: 'loss', align: 'right' },
      { title: 'chance', align: 'right' },
      { title: 'token', flexible: true },
    ],
    shown.map((token) => cells(token)),
    columns,
  );
  return [head, style.dim(title), ...lines.map((line, i) => (shown[i]?.trained ? line : style.dim(line)))];
}

function cells({ id, text, loss, trained, position }: TokenLoss & { readonly position: number }): string[] {
  const visible = JSON.stringify(text);
  return [
    String(position),
    String(id),
    loss === undefined ? '' : formatLoss(loss),
    loss === undefined ? '' : `${formatShare(100 * Math.exp(-loss))} %`,
    trained ? visible : `${visible} (masked)`,
  ];
}
