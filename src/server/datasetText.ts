// The text of an open dataset, kept as lines: an edit in 40 MB copies one line, where a text in one piece is copied whole.
import type { Range, TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import { applyLineEdit, lineEdit, splitLines, type DocumentLine, type LineEdit } from '../lint/lines.ts';

export class DatasetText {
  readonly uri: string;
  readonly languageId: string;
  private current: number;
  /** The rows are those of a JSON array, not lines. */
  readonly isArray: boolean;
  private readonly kept: DocumentLine[];

  constructor(uri: string, languageId: string, version: number, text: string, isArray = false) {
    this.isArray = isArray;
    this.uri = uri;
    this.languageId = languageId;
    this.current = version;
    this.kept = splitLines(text);
  }

  get version(): number {
    return this.current;
  }

  get lineCount(): number {
    return this.kept.length;
  }

  /** Never empty; the last line has no end. They change with the text. */
  get lines(): readonly DocumentLine[] {
    return this.kept;
  }

  /** All of the text, or what stands in a range; places beyond a line mean its end. */
  getText(range?: Range): string {
    if (range === undefined) return this.kept.map(({ text, end }) => text + end).join('');
    const { start, end } = range;
    const last = Math.min(end.line, this.kept.length - 1);
    let text = '';
    for (let line = Math.max(0, start.line); line <= last; line += 1) {
      const { text: own, end: lineEnd } = this.kept[line]!;
      const from = line === start.line ? start.character : 0;
      text += line === end.line ? own.slice(from, end.character) : own.slice(from) + lineEnd;
    }
    return text;
  }

  /** Makes an editor's changes, in their order, and says what became of the lines. */
  update(changes: readonly TextDocumentContentChangeEvent[], version: number): LineEdit[] {
    this.current = version;
    return changes.map((change) => {
      const edit =
        'range' in change
          ? lineEdit(this.kept, change.range.start, change.range.end, change.text)
          : { from: 0, until: this.kept.length, lines: splitLines(change.text) };
      applyLineEdit(this.kept, edit, edit.lines);
      return edit;
    });
  }
}
