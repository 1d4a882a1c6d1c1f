// How the lens looks: a decoration for each state of a token, every other token in another shade, and the text at line ends.

import * as vscode from 'vscode';
import { formatLoss } from '../../metrics/numberText.ts';
import type { LensRow } from '../../protocol/lensRequests.ts';
import type { Disposable } from '../disposables.ts';

export interface Tints extends Disposable {
  show(editor: vscode.TextEditor, rows: readonly LensRow[]): void;
  clear(editor: vscode.TextEditor): void;
}

const color = (name: string): vscode.ThemeColor => new vscode.ThemeColor(`finetune.lens.${name}`);

/**
 * In the order of the wire: masked, trained, cut off, each in two shades, then trained tokens that a run finds unlikely.
 * Trained is underlined, the more the less likely, and cut off is struck out, so that colour is not needed to tell them.
 */
function looks(): vscode.DecorationRenderOptions[] {
  const trained = { borderStyle: 'solid', borderWidth: '0 0 2px 0', borderColor: color('trainedBorder') };
  const cut = { textDecoration: 'line-through', opacity: '0.7', backgroundColor: color('cutBackground') };
  return [
    { backgroundColor: color('maskedBackground') },
    { backgroundColor: color('maskedAlternateBackground') },
    { backgroundColor: color('trainedBackground'), ...trained },
    { backgroundColor: color('trainedAlternateBackground'), ...trained },
    cut,
    cut,
    { backgroundColor: color('unlikelyBackground'), ...trained, borderStyle: 'dotted' },
    { backgroundColor: color('surprisingBackground'), ...trained, borderStyle: 'dashed' },
    { backgroundColor: color('astonishingBackground'), ...trained, borderWidth: '1px 1px 2px 1px' },
  ].map((look) => ({ ...look, rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed }));
}

export function createTints(): Tints {
  const types = looks().map((look) => vscode.window.createTextEditorDecorationType(look));
  const lineEnd = vscode.window.createTextEditorDecorationType({
    after: { margin: '0 0 0 1.5em', color: color('foreground') },
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
  });
  return {
    show(editor, rows) {
      types.forEach((type, kind) =>
        editor.setDecorations(
          type,
          rows.flatMap((row) => rangesOf(row, kind)),
        ),
      );
      const ends = rows.filter(({ line }) => line < editor.document.lineCount);
      editor.setDecorations(
        lineEnd,
        ends.map((row) => {
          const { end } = editor.document.lineAt(row.line).range;
          return { range: new vscode.Range(end, end), renderOptions: { after: { contentText: rowText(row) } } };
        }),
      );
    },
    clear(editor) {
      for (const type of [...types, lineEnd]) editor.setDecorations(type, []);
    },
    dispose() {
      for (const type of [...types, lineEnd]) type.dispose();
    },
  };
}

function rangesOf({ line, pieces }: LensRow, kind: number): vscode.Range[] {
  const ranges: vscode.Range[] = [];
  for (let i = 0; i + 2 < pieces.length; i += 3) {
    const [start = 0, length = 0] = [pieces[i], pieces[i + 1]];
    if (pieces[i + 2] === kind) ranges.push(new vscode.Range(line, start, line, start + length));
  }
  return ranges;
}

/** What stands behind a row. */
export function rowText({ tokens, trained, cut, cutTrained, fate, loss, problem }: LensRow): string {
  if (problem !== undefined) return problem;
  if (fate === 'dropped') return vscode.l10n.t('{0} tokens · left out, longer than max_length', cut);
  if (fate === 'refused') return vscode.l10n.t('{0} tokens · longer than max_length, the run will not start', cut);
  const counts =
    trained === 0
      ? vscode.l10n.t('{0} tokens · nothing trained', tokens)
      : vscode.l10n.t('{0} tokens · {1} trained', tokens, trained);
  return [
    counts,
    ...(cut === 0 ? [] : [vscode.l10n.t('{0} cut off, {1} of them would be trained', cut, cutTrained)]),
    ...(loss === undefined ? [] : [vscode.l10n.t('loss {0}', formatLoss(loss))]),
  ].join(' · ');
}
