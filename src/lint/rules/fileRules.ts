// Rules that look at all rows of a file together.
import { unknownFields as unknownFieldsOf, winningLooks } from '../../data/formats/detect.ts';
import { isSharedAlphabet } from '../../metrics/alphabets.ts';
import { looksCodes, type FactColumns } from '../facts.ts';
import type { RuleInfo } from '../finding.ts';
import { FirstRows } from '../firstRows.ts';
import { isCertain, languages, scriptOf } from '../language.ts';
import { nearDuplicates } from '../nearDuplicates.ts';
import type { LintSettings } from '../settings.ts';
import { fieldDrift, fieldsOfShape, rareFields } from './fields.ts';

/** What a rule says about a whole row: `row` is its number in the columns, `related` that of another one. */
export interface FileReport {
  readonly row: number;
  readonly message: string;
  readonly related?: number;
  /** The fix is to take the line out. */
  readonly removable?: boolean;
}

/** Undefined: nothing to say yet. Rules that take long say so now and then, so that whoever asks can do something else. */
export type FileReports = Iterable<FileReport | undefined>;

export interface FileRule extends RuleInfo {
  readonly check: (facts: FactColumns, settings: LintSettings) => FileReports;
}

/** Rows after which a rule that goes over all of them says that it is still at work: a millisecond or so. */
const breath = 2 ** 13;

/** Rules about shares say nothing about files with fewer rows. */
const leastRows = 100;

function* duplicates({ rows, hash, line }: FactColumns): FileReports {
  const first = new FirstRows(hash, rows);
  for (let row = 0; row < rows; row += 1) {
    if (row % breath === 0) yield undefined;
    const before = first.see(row);
    if (before !== row)
      yield { row, related: before, removable: true, message: `The row says the same as line ${line[before]!}.` };
  }
}

function* conflictingAnswers(facts: FactColumns): FileReports {
  const first = new FirstRows(facts.promptHash, facts.rows);
  for (let row = 0; row < facts.rows; row += 1) {
    if (row % breath === 0) yield undefined;
    if (facts.promptChars[row]! < 10 || facts.rejectedChars[row]! > 0 || facts.answerChars[row] === 0) continue;
    const before = first.see(row);
    if (before !== row && facts.answerHash[before] !== facts.answerHash[row])
      yield {
        row,
        related: before,
        message: `The prompt of line ${facts.line[before]!} stands here with another answer.`,
      };
  }
}

function* alikeRows(facts: FactColumns): FileReports {
  for (const alike of nearDuplicates(facts)) {
    if (alike === undefined) {
      yield undefined;
      continue;
    }
    const { row, related, likeness } = alike;
    const percent = Math.round(100 * likeness);
    const message = `About ${percent} % of the words are those of line ${facts.line[related]!}.`;
    yield { row, related, removable: true, message };
  }
}

/**
 * Tukey's fence, on the logarithm of lengths since those are skewed; four quartile ranges are far out. Short answers are
 * no outliers: "No." is right among essays.
 */
function* outlierLengths({ rows, answerChars }: FactColumns): Iterable<FileReport> {
  if (rows < leastRows) return;
  const sorted = answerChars.slice(0, rows).sort();
  const at = (share: number): number => Math.log1p(sorted[Math.floor(rows * share)]!);
  const most = at(0.75) + 4 * Math.max(at(0.75) - at(0.25), 0.5);
  const typical = sorted[Math.floor(rows / 2)]!;
  for (let row = 0; row < rows; row += 1) {
    const chars = answerChars[row]!;
    if (Math.log1p(chars) > most)
      yield { row, message: `The answer has ${chars} characters; half of the rows have fewer than ${typical}.` };
  }
}

/** Answers whose script or language is certain and that of hardly any other, where nearly all others have one in common. */
function* otherLanguages({ rows, language }: FactColumns): Iterable<FileReport> {
  const counts = languages.map(() => 0);
  for (let row = 0; row < rows; row += 1) counts[language[row]!]! += 1;
  const all = rows - counts[0]!;
  const inScript = languages.map((_, script) => sum(counts, (i) => i > 0 && scriptOf(i) === script));
  const script = inScript.findIndex((count) => count >= 0.95 * all);
  if (all < leastRows || script === -1) return;
  // Of a script that serves many languages some rows do not tell theirs: they are like the others.
  const certain = sum(counts, (i) => isCertain(i) && scriptOf(i) === script);
  const main = certain < 0.05 * all ? -1 : counts.findIndex((count, i) => isCertain(i) && count >= 0.95 * certain);
  if (certain >= 0.05 * all && main === -1) return;
  const usual = nameOfLanguage(main === -1 ? script : main);
  for (let row = 0; row < rows; row += 1) {
    const own = language[row]!;
    const isOther = scriptOf(own) !== script || (main !== -1 && isCertain(own) && own !== main);
    if (own > 0 && isOther && counts[own]! < 0.02 * all)
      yield { row, message: `The answer is in ${nameOfLanguage(own)}, nearly all others are in ${usual}.` };
  }
}

function sum(counts: readonly number[], isCounted: (index: number) => boolean): number {
  return counts.reduce((total, count, i) => total + (isCounted(i) ? count : 0), 0);
}

/** Some scripts serve many languages. */
function nameOfLanguage(index: number): string {
  const name = languages[index]!;
  return isSharedAlphabet(name) ? `${name} letters` : name;
}

/** The first row of a file whose rows are of no known format. */
function* unknownFormat(
  { rows, looks, shape, shapes }: FactColumns,
  { format, columns }: LintSettings,
): Iterable<FileReport> {
  if (format !== 'auto' || rows === 0) return;
  const counts = looksCodes.map(() => 0);
  for (let row = 0; row < rows; row += 1) counts[looks[row]!]! += 1;
  if (winningLooks((one) => counts[looksCodes.indexOf(one)]!) !== 'unknown') return;
  const row = looks.indexOf(looksCodes.indexOf('unknown'));
  const names = fieldsOfShape(shapes[shape[row]!]!).map(({ name }) => [name, true]);
  const fields = unknownFieldsOf(Object.fromEntries(names) as Record<string, true>, columns);
  yield { row, message: `The rows are of no known format. This one has ${fields}` };
}

/** Few short answers that come again and again are labels. */
function* labelImbalance({ rows, answerChars, answerHash, line }: FactColumns): Iterable<FileReport> {
  if (rows < leastRows) return;
  const counts = new Map<number, { rows: number; first: number }>();
  for (let row = 0; row < rows; row += 1) {
    if (answerChars[row]! > 40) return;
    const label = counts.get(answerHash[row]!) ?? { rows: 0, first: row };
    label.rows += 1;
    counts.set(answerHash[row]!, label);
    if (counts.size > 50) return;
  }
  const labels = [...counts.values()].sort((a, b) => b.rows - a.rows);
  const [most, least] = [labels[0], labels.at(-1)];
  if (!most || !least || labels.length < 2 || most.rows < 20 * least.rows) return;
  yield {
    row: least.first,
    related: most.first,
    message: `The label of this row comes ${least.rows} times, that of line ${line[most.first]!} ${most.rows} times: the model may never answer it.`,
  };
}

/** Cohen's d of the paired differences of log lengths: 0.8 is called a large effect. */
function* lengthBias({ rows, answerChars, rejectedChars }: FactColumns): Iterable<FileReport> {
  let [n, sum, squares, first] = [0, 0, 0, -1];
  for (let row = 0; row < rows; row += 1) {
    if (rejectedChars[row] === 0 || answerChars[row] === 0) continue;
    const difference = Math.log(answerChars[row]! / rejectedChars[row]!);
    n += 1;
    sum += difference;
    squares += difference * difference;
    if (first < 0) first = row;
  }
  if (n < leastRows) return;
  const mean = sum / n;
  const effect = mean / Math.sqrt(Math.max(squares / n - mean * mean, 1e-12));
  if (Math.abs(effect) < 0.8) return;
  const factor = Math.exp(Math.abs(mean)).toFixed(1);
  const direction = mean > 0 ? 'longer' : 'shorter';
  yield {
    row: first,
    message: `Chosen answers are ${factor} times ${direction} than rejected ones (effect size ${Math.min(Math.abs(effect), 99).toFixed(1)}): the model would learn the length.`,
  };
}

export const fileRules: readonly FileRule[] = [
  {
    code: 'data/unknown-format',
    group: 'form',
    severity: 'error',
    title: 'Rows of no known format',
    check: unknownFormat,
  },
  {
    code: 'form/type-drift',
    group: 'form',
    severity: 'warning',
    title: 'A field whose type differs from other rows',
    check: fieldDrift,
  },
  {
    code: 'form/unknown-field',
    group: 'form',
    severity: 'hint',
    title: 'A field that few rows have',
    check: rareFields,
  },
  {
    code: 'preference/length-bias',
    group: 'preference',
    severity: 'warning',
    title: 'Chosen answers differ in length',
    check: lengthBias,
  },
  {
    code: 'quality/duplicate',
    group: 'quality',
    fix: 'removes the row',
    severity: 'warning',
    title: 'A row that stands there twice',
    check: duplicates,
  },
  {
    code: 'quality/near-duplicate',
    group: 'quality',
    fix: 'removes the row',
    severity: 'information',
    title: 'A row that is nearly another one',
    check: alikeRows,
  },
  {
    code: 'quality/conflicting-answers',
    group: 'quality',
    severity: 'information',
    title: 'The same prompt with different answers',
    check: conflictingAnswers,
  },
  {
    code: 'quality/length-outlier',
    group: 'quality',
    severity: 'information',
    title: 'An answer of unusual length',
    check: outlierLengths,
  },
  {
    code: 'quality/language-outlier',
    group: 'quality',
    severity: 'information',
    title: 'An answer in another language',
    check: otherLanguages,
  },
  {
    code: 'quality/label-imbalance',
    group: 'quality',
    severity: 'information',
    title: 'Labels of very different frequency',
    check: labelImbalance,
  },
];

/** Rows of `validation` that also stand in `train`: what is measured there was learned, not understood. */
export function* leakedRows(train: FactColumns, validation: FactColumns): FileReports {
  const known = new FirstRows(train.hash, train.rows);
  for (let row = 0; row < train.rows; row += 1) {
    if (row % breath === 0) yield undefined;
    known.see(row);
  }
  for (let row = 0; row < validation.rows; row += 1) {
    if (row % breath === 0) yield undefined;
    const twin = known.find(validation.hash[row]!);
    if (twin !== undefined)
      yield { row, removable: true, message: `The row stands in the training data too (line ${train.line[twin]!}).` };
  }
}

export const leakRule: RuleInfo = {
  code: 'quality/leak',
  group: 'quality',
  fix: 'removes the row',
  severity: 'error',
  title: 'A validation row that is trained',
};
