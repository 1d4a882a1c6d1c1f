// One open dataset: its lines follow the editor's edits, and what was found in them is kept until it is told.
import { ArrayDocument } from '../../lint/arrayDocument.ts';
import { LintDocument, type OpenRows } from '../../lint/document.ts';
import type { Finding } from '../../lint/finding.ts';
import type { DocumentLine, LineEdit } from '../../lint/lines.ts';
import type { LintSettings } from '../../lint/settings.ts';
import { lintTrainedShare } from '../../lint/training.ts';
import { TrainingRows, type TrainedLine, type TrainingSettings } from './trainingRows.ts';

/** Findings beyond this are counted and not told: editors and wires slow down long before people read so many. */
export const mostTold = 1000;

export interface ToldFindings {
  readonly findings: readonly Finding[];
  /** Findings that were not told. */
  readonly more: number;
}

/** Lines that are looked at in one go after an edit, so that what training makes of them is told with the rest. */
const mostAtOnce = 20;
/** Characters of a dataset beyond which only lines that are edited are tokenised: more would keep a core busy for long. */
const mostTokenised = 16e6;

export class LintedDataset {
  readonly settings: LintSettings;
  private training: TrainingRows | undefined;
  private trainedShare: Finding | undefined;
  private readonly lint: OpenRows;
  /** About all rows together, as of the last pause; on lines as they are now. */
  private aboutFile: readonly Finding[] = [];
  /** Lines (from 0) of the last edit, which are told whatever the limit. */
  private edited: { from: number; until: number } = { from: 0, until: 0 };

  /** `isArray`: the rows are those of a JSON array, not lines. */
  constructor(lines: readonly DocumentLine[], settings: LintSettings, isArray = false) {
    this.settings = settings;
    this.lint = isArray ? new ArrayDocument(lines, settings) : new LintDocument(lines, settings);
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

  /** Under which tokens the rows are judged; undefined while that is not known. True when that is new. */
  trainAs(settings: TrainingSettings | undefined): boolean {
    const before = this.training?.settings;
    if (before?.options === settings?.options && before?.format === settings?.format) return false;
    this.training = settings && new TrainingRows(settings, this.settings);
    this.trainedShare = undefined;
    return true;
  }

  /** Looks at what training makes of the lines of the last edit. */
  trainEdited(): void {
    const { from, until } = this.edited;
    for (let i = from; i < Math.min(until, from + mostAtOnce); i += 1) this.trainLine(i);
  }

  /** Looks at what training makes of all lines, a row at a time; true at the end when something new was found. */
  *trainRows(): Generator<undefined, boolean> {
    const { training } = this;
    if (training === undefined || this.characters() > mostTokenised) return false;
    let [isNew, tokens, trained] = [false, 0, 0];
    for (let i = 0; i < this.lint.lineCount; i += 1) {
      const isKnown = training.found(this.lint.line(i)) !== undefined;
      const looked = this.trainLine(i);
      tokens += looked?.tokens ?? 0;
      trained += looked?.trainedTokens ?? 0;
      if (isKnown) continue;
      isNew ||= (looked?.findings.length ?? 0) > 0;
      yield undefined;
    }
    const share = lintTrainedShare(tokens, trained, this.settings);
    isNew ||= share?.message !== this.trainedShare?.message;
    this.trainedShare = share;
    return isNew;
  }

  /** What an editor is told: the lines of the last edit first, then the others in their order, up to the limit. */
  told(): ToldFindings {
    const { from, until } = this.edited;
    const findings = [...this.rowFindings(from, until)];
    const all = this.lint.countRowFindings() + this.countTraining() + this.aboutFile.length;
    const room = (): number => Math.max(0, mostTold - findings.length);
    findings.push(...this.aboutFile.slice(0, Math.ceil(room() / 2)));
    for (const [start, end] of [
      [0, from],
      [until, this.lint.lineCount],
    ] as const) {
      if (room() === 0) break;
      for (const finding of this.rowFindings(start, end)) {
        findings.push(finding);
        if (room() === 0) break;
      }
    }
    const more = all - findings.length;
    return { findings: this.trainedShare ? [...findings, this.trainedShare] : findings, more };
  }

  /** Everything found on some lines (from 0, `until` exclusive), told or not. */
  on(from: number, until: number): Finding[] {
    const about = this.aboutFile.filter(({ line }) => line > from && line <= until);
    return [...this.rowFindings(from, until), ...about];
  }

  /** Everything. */
  all(): Finding[] {
    return this.on(0, this.lint.lineCount);
  }

  /** How a sidecar names the row of a line; undefined for a line without a readable row. */
  rowId(line: number): string | undefined {
    return this.lint.rowId(line - 1);
  }

  private *rowFindings(from: number, until: number): Generator<Finding> {
    if (this.training === undefined) {
      yield* this.lint.rowFindings(from, until);
      return;
    }
    for (let i = from; i < Math.min(until, this.lint.lineCount); i += 1) {
      yield* this.lint.rowFindings(i, i + 1);
      for (const finding of this.training.found(this.lint.line(i))?.findings ?? []) yield { ...finding, line: i + 1 };
    }
  }

  private trainLine(i: number): TrainedLine | undefined {
    return this.training?.look(this.lint.line(i), this.lint.rowId(i));
  }

  private countTraining(): number {
    let count = 0;
    for (let i = 0; this.training !== undefined && i < this.lint.lineCount; i += 1)
      count += this.training.found(this.lint.line(i))?.findings.length ?? 0;
    return count;
  }

  private characters(): number {
    let count = 0;
    for (let i = 0; i < this.lint.lineCount; i += 1) count += this.lint.line(i).text.length;
    return count;
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
