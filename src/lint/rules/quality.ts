// Rules about what a row says: refusals, placeholders, remains of web pages, texts that go round in circles.
import type { LintRow, TextLeaf } from '../row.ts';
import { firstMatches, nothing, type Report, type RowRule } from './rule.ts';

const refusal =
  /^\W*(?:(?:i['’]?m|i am) (?:really |very |so )?sorry,? but (?:i|as)|sorry,? (?:but )?i (?:can['’]?t|cannot|am unable|am not able)|i apologi[sz]e,? but i|as an ai(?: language)? model|as a large language model|i (?:can['’]?t|cannot|am unable to|am not able to|won['’]?t) (?:help|assist|provide|fulfil|comply|do that|answer))/i;

/** True for the formulas with which assistants refuse. */
export function isRefusal(text: string): boolean {
  return refusal.test(text.slice(0, 200));
}

/** TODO in small letters is a Spanish word. */
const placeholder =
  /[Ll]orem ipsum|\b(?:TODO|FIXME|TBD)\b(?=[:\s.,!]|$)|\[(?:[Ii]nsert|INSERT|[Yy]our|YOUR|[Ee]nter|[Pp]laceholder)\b[^\]\n]{0,40}\](?!\()|<(?:insert|your|placeholder)[ _-][^>\n]{0,40}>|\{\{\s*\w+\s*\}\}|(?<!\w)X{5,}(?!\w)/g;
const placeholderHint =
  /orem ipsum|TODO|FIXME|TBD|\[(?:[Ii]ns|INS|[Yy]ou|YOU|[Ee]nt|[Pp]la)|<(?:ins|you|pla)|\{\{|XXXXX/;

const html =
  /<\/?(?:div|span|br|p|a|table|tr|td|ul|ol|li|font|b|i|strong|em|h[1-6]|img|script|style)(?:\s[^<>]*)?\/?>|&(?:nbsp|amp|lt|gt|quot|#\d{2,5});/gi;

/** Text about web pages holds tags on purpose: code blocks and words that announce them. */
function isAboutHtml({ text }: LintRow): boolean {
  return text.includes('```') || /html|markup|css|javascript|xml|jsx/i.test(text);
}

/** Words that a loop repeats at least, how often, and the longest phrase that is looked for. */
const loopWords = 4;
const loopTimes = 5;
const longestPhrase = 12;

/** The first phrase that comes five times directly after itself, four words being the least. */
function repeatedPhrase(text: string): { start: number; end: number } | undefined {
  const hashes = wordHashes(text);
  for (let period = 1; period <= longestPhrase; period += 1) {
    const needed = Math.max(loopWords, period) * (loopTimes - 1);
    let run = 0;
    for (let i = period; i < hashes.length; i += 1) {
      run = hashes[i] === hashes[i - period] ? run + 1 : 0;
      if (run < needed) continue;
      const words = [...text.matchAll(/[^ \n]+/g)];
      const last = words[i]!;
      return { start: words[i - run - period + 1]!.index, end: last.index + last[0].length };
    }
  }
  return undefined;
}

/** Used again for each text, since this rule sees every answer. */
let buffer = new Int32Array(1024);

function wordHashes(text: string): Int32Array {
  let [count, hash] = [0, 0];
  for (let i = 0; i <= text.length; i += 1) {
    const unit = i < text.length ? text.charCodeAt(i) : 0x20;
    if (unit !== 0x20 && unit !== 0x0a) {
      hash = (Math.imul(hash, 31) + unit) | 0;
    } else if (i > 0 && text.charCodeAt(i - 1) !== 0x20 && text.charCodeAt(i - 1) !== 0x0a) {
      if (count === buffer.length) buffer = Int32Array.from({ length: 2 * count }, (_, at) => buffer[at] ?? 0);
      buffer[count] = hash;
      count += 1;
      hash = 0;
    }
  }
  return buffer.subarray(0, count);
}

function answers(row: LintRow): readonly TextLeaf[] {
  const said = row.turns.filter(({ speaker }) => speaker === 'assistant');
  if (said.length > 0) return said.map(({ contentPath, content }) => ({ path: contentPath, text: content }));
  return row.answer === undefined ? [] : [row.answer];
}

function quality(code: string, severity: RowRule['severity'], title: string, check: RowRule['check']): RowRule {
  return { code, group: 'quality', severity, title, check };
}

export const qualityRules: readonly RowRule[] = [
  quality('quality/refusal', 'information', 'A boilerplate refusal', (row) =>
    answers(row).flatMap(({ path, text }): Report[] =>
      isRefusal(text)
        ? [
            {
              message: 'The answer is a boilerplate refusal; a model learns from few of them to refuse too much.',
              path,
            },
          ]
        : [],
    ),
  ),
  quality('quality/placeholder', 'warning', 'A placeholder was left in the text', (row) =>
    placeholderHint.test(row.text)
      ? firstMatches(answers(row), placeholder, ([match]) => ({
          message: `“${match.slice(0, 40)}” looks like a placeholder that nobody has filled in.`,
        }))
      : nothing,
  ),
  quality('quality/html', 'information', 'Remains of HTML', (row) =>
    /<\/|<br|&[a-z#]/i.test(row.text) && !isAboutHtml(row)
      ? firstMatches(answers(row), html, ([match]) => ({
          message: `“${match.slice(0, 40)}” is HTML in an answer that is not about HTML. Convert it to plain text.`,
        }))
      : nothing,
  ),
  quality('quality/repeated-text', 'warning', 'A text that repeats itself', (row) =>
    answers(row).flatMap(({ path, text }): Report[] => {
      const part = repeatedPhrase(text);
      return part === undefined
        ? []
        : [{ message: 'The same words come again and again; the model would learn to loop.', path, part }];
    }),
  ),
];
