// Columns of text that fit the terminal: the widest flexible column gives way.
import { oneLine } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut when the table is too wide. */
  readonly flexible?: boolean;
}

const gap = '  ';

/** A header line and a line for each row, none longer than `columns` characters as long as flexible columns can give. */
export function tableLines(head: readonly Column[], rows: readonly (readonly string[])[], columns: number): string[] {
  const cells = rows.map((row) => row.map((cell) => oneLine(cell, 10_000)));
  const widths = head.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => length(row[i] ?? ''))));
  const spare = columns - widths.reduce((sum, width) => sum + width, 0) - gap.length * (head.length - 1);
  if (spare < 0) shrink(widths, head, -spare);
  const line = (row: readonly string[]): string =>
    head
      .map(({ align }, i) => {
        const text = oneLine(row[i] ?? '', widths[i] ?? 0);
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - length(text)));
        return align === 'right' ? padding + text : text + padding;
      })
      .join(gap)
      .trimEnd();
  return [line(head.map(({ title }) => title)), ...cells.map(line)];
}

function shrink(widths: number[], head: readonly Column[], excess: number): void {
  const least = 8;
  for (let left = excess; left > 0; left -= 1) {
    let widest = -1;
    head.forEach(({ flexible }, i) => {
      const width = widths[i] ?? 0;
      if (flexible && width > least && width > (widths[widest] ?? least)) widest = i;
    });
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function length(text: string): number {
  return Array.from(text).length;
}
