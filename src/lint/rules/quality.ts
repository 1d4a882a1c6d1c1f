// Rules about what a row says: refusals, placeholders, remains of web pages, texts that go round in circles.
import type { LintRow, TextLeaf } from '../row.ts';
import { sign } from '../signs.ts';
import { asPlainText, htmlRemains } from './html.ts';
import { withoutCode } from './prose.ts';
import { isRefusal } from './refusal.ts';
import { repetitionIn } from './repetition.ts';
import { firstMatches, nothing, removeRow, replaceAll, type Report, type RowRule } from './rule.ts';

/** TODO in small letters is a Spanish word. */
const placeholder =
  /[Ll]orem ipsum|\b(?:TODO|FIXME|TBD)\b(?=[:.!,]|\s*$|\n)|\[(?:[Ii]nsert|INSERT|[Yy]our|YOUR|[Ee]nter|[Pp]laceholder)\b[^\]\n]{0,40}\](?!\()|<(?:insert|your|placeholder)[ _-][^>\n]{0,40}>|(?<!\$)\{\{\s*\w+\s*\}\}|(?<!\w)X{5,}(?!\w)/g;

/** Braces alone are in every row. */
const placeholderWords = [
  'orem ipsum',
  'TODO',
  'FIXME',
  'TBD',
  'XXXXX',
  '{{',
  '[in',
  '[In',
  '[IN',
  '[y',
  '[Y',
  '[en',
  '[En',
  '[p',
  '[P',
];

function mayHavePlaceholder({ signs, text }: LintRow): boolean {
  return (
    placeholderWords.some((word) => text.includes(word)) || ((signs & sign['<']) !== 0 && /<(?:ins|you|pla)/.test(text))
  );
}

/** Who asks for a form or a letter to be filled in wants placeholders; who asks about templates wants braces. */
function asksForPlaceholders({ prompt }: LintRow): boolean {
  return prompt.some((text) =>
    /template|letter|e-?mail|placeholder|fill[ -]in|invitation|contract|resume|résumé|form\b|jinja|handlebars|mustache|helm|ansible|vue|angular|django|liquid|lorem/i.test(
      text,
    ),
  );
}

/** Text about web pages holds tags on purpose. */
function isAboutHtml({ text }: LintRow): boolean {
  return /html|markup|css|javascript|xml|jsx|\btags?\b|web ?page/i.test(text);
}

/** Answers as prose: same places, without code. */
function proseOf(row: LintRow): TextLeaf[] {
  return row.answers.map(({ path, text }) => ({ path, text: withoutCode(text) }));
}

function refusals({ answers }: LintRow): readonly Report[] {
  const message = 'The answer is a boilerplate refusal; a model learns from few of them to refuse too much.';
  let found: Report[] | undefined;
  for (const { path, text } of answers)
    if (isRefusal(text)) (found ??= []).push({ message, path, ...(answers.length === 1 ? { change: removeRow } : {}) });
  return found ?? nothing;
}

function repetitions({ answers }: LintRow): readonly Report[] {
  let found: Report[] | undefined;
  for (const { path, text } of answers) {
    if (repetitionIn(text) === undefined) continue;
    const part = repetitionIn(withoutCode(text));
    if (part === undefined) continue;
    const rest = { start: part.firstEnd, end: part.end };
    const change = () => ({ title: 'Keep the phrase once', edits: [{ replace: path, part: rest, text: '' }] });
    const message = 'The same words come again and again; the model would learn to loop.';
    (found ??= []).push({ message, path, part: { start: part.start, end: part.end }, change });
  }
  return found ?? nothing;
}

export const qualityRules: readonly RowRule[] = [
  {
    code: 'quality/refusal',
    group: 'quality',
    severity: 'information',
    title: 'A boilerplate refusal',
    fix: 'removes the row, where it has no other answer',
    check: refusals,
  },
  {
    code: 'quality/placeholder',
    group: 'quality',
    severity: 'warning',
    title: 'A placeholder was left in the text',
    check: (row) =>
      mayHavePlaceholder(row) && !asksForPlaceholders(row)
        ? firstMatches(proseOf(row), placeholder, ([match]) => ({
            message: `“${match.slice(0, 40)}” looks like a placeholder that nobody has filled in.`,
          }))
        : nothing,
  },
  {
    code: 'quality/html',
    group: 'quality',
    severity: 'information',
    title: 'Remains of HTML',
    fix: 'takes the tags out and writes the characters that are referred to',
    check: (row) =>
      (row.signs & (sign['<'] | sign['&'])) !== 0 && /<\/?[a-z]|&[a-z#]/i.test(row.text) && !isAboutHtml(row)
        ? firstMatches(proseOf(row), htmlRemains, ([match], leaf) => ({
            message: `“${match.slice(0, 40)}” is HTML in an answer that is not about HTML. Convert it to plain text.`,
            change: () => replaceAll('Convert to plain text', leaf, htmlRemains, asPlainText),
          }))
        : nothing,
  },
  {
    code: 'quality/repeated-text',
    group: 'quality',
    severity: 'warning',
    title: 'A text that repeats itself',
    fix: 'keeps the phrase once',
    check: repetitions,
  },
];
