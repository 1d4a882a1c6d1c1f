// What training makes of the lines of an open dataset: each looked at once for as long as it and its config stay the same.
import type { Format } from '../../data/formats/format.ts';
import { parseRowText } from '../../data/read/parseRow.ts';
import type { EncodeOptions } from '../../data/template/encodeRecord.ts';
import type { Finding } from '../../lint/finding.ts';
import type { DocumentLine } from '../../lint/lines.ts';
import type { LintSettings } from '../../lint/settings.ts';
import { lintTraining } from '../../lint/training.ts';

/** How rows become tokens under the config that governs the dataset. */
export interface TrainingSettings {
  readonly format: Format;
  readonly options: EncodeOptions;
}

export interface TrainedLine {
  /** On line 1. */
  readonly findings: readonly Finding[];
  readonly tokens: number;
  readonly trainedTokens: number;
}

const nothing: TrainedLine = { findings: [], tokens: 0, trainedTokens: 0 };

/** Beyond this many characters a row is not laid out: it would take longer than a person waits for a keystroke. */
const longestRow = 100_000;

export class TrainingRows {
  readonly settings: TrainingSettings;
  private readonly lint: LintSettings;
  private readonly known = new WeakMap<DocumentLine, TrainedLine>();

  constructor(settings: TrainingSettings, lint: LintSettings) {
    this.settings = settings;
    this.lint = lint;
  }

  /** Undefined for a line that was not looked at yet. */
  found(line: DocumentLine): TrainedLine | undefined {
    return this.known.get(line);
  }

  /** Looks at a line unless that was done. `id`: the name of its row; undefined for a line without a readable row. */
  look(line: DocumentLine, id: string | undefined): TrainedLine {
    const known = this.known.get(line);
    if (known !== undefined) return known;
    const looked = id === undefined || line.text.length > longestRow ? nothing : this.trained(line.text, id);
    this.known.set(line, looked);
    return looked;
  }

  private trained(written: string, id: string): TrainedLine {
    // The trainer passes over a byte order mark, too.
    const text = written.replace(/^\ufeff/, ' ');
    const parsed = parseRowText(text, false);
    if (!parsed.ok) return nothing;
    const { format, options } = this.settings;
    const origin = { line: 1, column: 1 };
    const { findings, encoded } = lintTraining(text, parsed.value, origin, format, options, this.lint);
    const accepted = this.lint.rows[id] ?? [];
    return {
      findings: findings.filter(({ code }) => !accepted.includes(code)),
      tokens: encoded?.fate === 'keep' ? encoded.tokens.length : 0,
      trainedTokens: encoded?.fate === 'keep' ? encoded.trainedTokens : 0,
    };
  }
}
