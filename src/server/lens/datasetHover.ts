// The hover of a dataset: what the lens knows of the place under the mouse.
import { MarkupKind, type Hover, type Position } from 'vscode-languageserver/node';
import { ProblemError } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import { datasetLens, lineText } from './datasetLens.ts';
import { lensHover } from './lensHover.ts';
import { tokenLosses } from './tokenLosses.ts';

/** Undefined for other documents, and where nothing can be said; why there is no lens at all is told by the status bar. */
export async function datasetHover(
  uri: string,
  { line, character }: Position,
  context: ServerContext,
): Promise<Hover | undefined> {
  const open = context.documents.dataset(uri);
  if (!open || open.document.isArray) return undefined;
  try {
    const row = (await datasetLens(context).open(open))?.line(line);
    if (!row || !('lens' in row)) return undefined;
    const text = lineText(open, line);
    const hover = lensHover(text, row.lens, character, tokenLosses(context).of(uri, text, row.lens));
    if (!hover) return undefined;
    const range = { start: { line, character: hover.start }, end: { line, character: hover.end } };
    return { contents: { kind: MarkupKind.Markdown, value: hover.markdown }, range };
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}
