// One open dataset: its lines follow the editor's edits, and what was found in them is kept until it is told.
import type { Range, TextDocumentContentChangeEvent } from 'vscode-languageserver/node';
import { LintDocument } from '../../lint/document.ts';
import type { Finding } from '../../lint/finding.ts';
import type { LintSettings } from '../../lint/settings.ts';

/** Findings beyond this are counted and not told: editors and wires slow down long before people read so many. */
export const mostTold = 1000;

export interface ToldFindings {
  readonly findings: readonly Finding[];
  /** Findings that were not told. */
  readonly more: number;
}

export class LintedDataset {
  readonly settings: LintSettings;
  private lint: LintDocument;
  /** About all rows together, as of the last pause; on lines as they are now. */
  private aboutFile: readonly Finding[] = [];
  /** Lines (from 0) of the last edit, which are told whatever the limit. */
  private edited: { from: number; until: number } = { from: 0, until: 0 };

  constructor(text: string, settings: LintSettings) {
    this.settings = settings;
    this.lint = new LintDocument(text, settings);
  }

  get lineCount(): number {
    return this.lint.lineCount;
  }

  edit(changes: readonly TextDocumentContentChangeEvent[]): void {
    for (const change of changes) {
      if ('range' in change) this.editRange(change.range, change.text);
      else {
        this.lint = new LintDocument(change.text, this.settings);
        this.aboutFile = [];
      }
    }
  }

  /** Lints what is not linted yet, until `isEnough`; true when all is. */
  settle(isEnough?: () => boolean): boolean {
    return this.lint.settle(isEnough);
  }

  /** Looks at all rows together. Slow: for pauses. */
  compareRows(): void {
    this.aboutFile = [...this.lint.fileFindings()].filter((finding) => finding !== undefined);
  }

  /** What an editor is told: the lines of the last edit first, then the others in their order, up to the limit. */
  told(): ToldFindings {
    const { from, until } = this.edited;
    const findings = [...this.lint.rowFindings(from, until)];
    const all = this.lint.countRowFindings() + this.aboutFile.length;
    const room = (): number => Math.max(0, mostTold - findings.length);
    findings.push(...this.aboutFile.slice(0, Math.ceil(room() / 2)));
    for (const [start, end] of [
      [0, from],
      [until, this.lint.lineCount],
    ] as const) {
      if (room() === 0) break;
      for (const finding of this.lint.rowFindings(start, end)) {
        findings.push(finding);
        if (room() === 0) break;
      }
    }
    return { findings, more: all - findings.length };
  }

  /** Everything found on some lines (from 0, `until` exclusive), told or not. */
  on(from: number, until: number): Finding[] {
    const about = this.aboutFile.filter(({ line }) => line > from && line <= until);
    return [...this.lint.rowFindings(from, until), ...about];
  }

  /** Everything. */
  all(): Finding[] {
    return this.on(0, this.lint.lineCount);
  }

  /** How a sidecar names the row of a line; undefined for a line without a readable row. */
  rowId(line: number): string | undefined {
    return this.lint.rowId(line - 1);
  }

  private editRange({ start, end }: Range, text: string): void {
    const first = this.lint.line(start.line);
    const last = this.lint.line(end.line);
    const from = Math.min(start.line, this.lint.lineCount - 1);
    const until = Math.min(end.line + 1, this.lint.lineCount);
    const before = this.lint.lineCount;
    const whole = first.text.slice(0, start.character) + text + last.text.slice(end.character) + last.end;
    this.lint.edit({ from, until, text: whole });
    const grown = this.lint.lineCount - before;
    this.edited = { from, until: until + grown };
    // Where rows moved, so does what was said of them; of rows that changed nothing is known.
    this.aboutFile = this.aboutFile.flatMap((finding): Finding[] => {
      if (finding.line > from && finding.line <= until) return [];
      const moved = (line: number): number => (line > from ? line + grown : line);
      const { relatedLine } = finding;
      const related = relatedLine === undefined ? {} : { relatedLine: moved(relatedLine) };
      return [grown === 0 ? finding : { ...finding, line: moved(finding.line), ...related }];
    });
  }
}
