// One open dataset: its lines follow the editor's edits, and what was found in them is kept until it is told.
import { LintDocument } from '../../lint/document.ts';
import type { Finding } from '../../lint/finding.ts';
import type { DocumentLine, LineEdit } from '../../lint/lines.ts';
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
  private readonly lint: LintDocument;
  /** About all rows together, as of the last pause; on lines as they are now. */
  private aboutFile: readonly Finding[] = [];
  /** Lines (from 0) of the last edit, which are told whatever the limit. */
  private edited: { from: number; until: number } = { from: 0, until: 0 };

  constructor(text: string | readonly DocumentLine[], settings: LintSettings) {
    this.settings = settings;
    this.lint = new LintDocument(text, settings);
  }

  get lineCount(): number {
    return this.lint.lineCount;
  }

  edit(edits: readonly LineEdit[]): void {
    for (const edit of edits) {
      this.lint.edit(edit);
      this.moveFindings(edit);
    }
  }

  /** Lints what is not linted yet, until `isEnough`; true when all is. */
  settle(isEnough?: () => boolean): boolean {
    return this.lint.settle(isEnough);
  }

  /**
   * Looks at all rows together, a few milliseconds at a time; what is found counts when all is looked at. For pauses: an
   * edit makes it worthless.
   */
  *compareRows(): Generator<undefined, void> {
    const found: Finding[] = [];
    for (const finding of this.lint.fileFindings()) {
      if (finding !== undefined) found.push(finding);
      yield undefined;
    }
    this.aboutFile = found;
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

  /** Where rows moved, so does what was said of them; of rows that changed nothing is known. */
  private moveFindings({ from, until, lines }: LineEdit): void {
    const grown = lines.length - (until - from);
    this.edited = { from, until: until + grown };
    const isGone = (line: number): boolean => line > from && line <= until;
    const moved = (line: number): number => (line > from ? line + grown : line);
    if (grown === 0 && !this.aboutFile.some(({ line }) => isGone(line))) return;
    this.aboutFile = this.aboutFile.flatMap((finding): Finding[] => {
      if (isGone(finding.line)) return [];
      const { relatedLine } = finding;
      const related = relatedLine === undefined ? {} : { relatedLine: moved(relatedLine) };
      return [grown === 0 ? finding : { ...finding, line: moved(finding.line), ...related }];
    });
  }
}
