// The code cells of a Jupyter notebook as one Python text, each piece on the line of the file where it is written.

import { problem } from '../../../protocol/problem.ts';
import { isObject } from '../../../protocol/guards.ts';

/** Python text of a notebook whose lines are those of the .ipynb file. Throws `import/not-readable`. */
export function notebookPython(text: string, file: string): string {
  const lines: string[] = [];
  const fileLines = text.split('\n');
  let from = 0;
  for (const piece of sourceLines(text, file)) {
    // A notebook on disk has one string a line: find it, so that the report names lines one can go to.
    const found = lineWith(fileLines, piece, from);
    if (found !== undefined) {
      while (lines.length < found) lines.push('');
      from = found + 1;
    }
    lines.push(piece.replace(/\n$/, ''));
  }
  return lines.join('\n');
}

/** The line of a piece, within what lies between two cells at most; a search to the end for each would take minutes. */
function lineWith(lines: readonly string[], piece: string, from: number): number | undefined {
  const written = JSON.stringify(piece).slice(1, -1);
  // Jupyter may write letters beyond ASCII as escapes.
  const escaped = written.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (written === '') return undefined;
  for (let at = from; at < Math.min(lines.length, from + 2000); at += 1) {
    const line = lines[at] ?? '';
    // Pictures are lines of megabytes.
    if (line.length < 20_000 && (line.includes(written) || line.includes(escaped))) return at;
  }
  return undefined;
}

function sourceLines(text: string, file: string): string[] {
  const notebook = parsed(text, file);
  const cells = isObject(notebook) && Array.isArray(notebook['cells']) ? (notebook['cells'] as unknown[]) : [];
  return cells.flatMap((cell) => {
    if (!isObject(cell) || cell['cell_type'] !== 'code') return [];
    const { source } = cell;
    if (typeof source === 'string') return source.split(/(?<=\n)/);
    return Array.isArray(source) ? source.filter((line) => typeof line === 'string') : [];
  });
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw problem('import/not-readable', 'This notebook is not valid JSON. Save it again from Jupyter.', { file });
  }
}
