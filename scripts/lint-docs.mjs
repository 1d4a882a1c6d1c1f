// Writes docs/lint.md: every lint rule from the rule table, the prose of lint-pages.mjs, and the measured precision.
import { lintPages } from './lint-pages.mjs';

const groupTitles = {
  form: 'Form',
  chat: 'Chats',
  training: 'Training',
  preference: 'Pairs',
  quality: 'Quality',
  safety: 'Safety',
};

const intro = `<!-- Made by \`npm run generate\` from src/lint/rules, scripts/lint-pages.mjs and bench/lint-precision.json. Change those, not this page. -->

# What is found in datasets

Datasets are linted in the editor while they are typed (\`.jsonl\`, \`.ndjson\`), and by \`finetune check train.jsonl
validation.jsonl\`, which streams files of any size (also JSON arrays, Parquet and gzip). Rows are read by the functions
that the trainer uses. What needs a model's tokenizer and template is found when a config is checked: \`finetune check
my.finetune.yaml\` names rows that teach nothing, special tokens inside texts, reasoning that is left out and ends of turns
that are not trained, and counts the tokens that \`max_length\` cuts off. The other rules of the group _Training_ are not
told row by row yet; the token lens shows cut and masked characters in the text.

## Severities and what is passed over

Every rule has a severity. The editor's setting \`finetune.problems.severity\` changes it, and so does the _sidecar_ of a
dataset, \`<dataset>.lint.yaml\`, which also names rows that are accepted; the data stay clean:

\`\`\`yaml
severity:
  quality/html: off # for the whole file: error, warning, information, hint or off
rows:
  0c1f24d5e7a90: [safety/email] # for one row, named by what it says: it is asked about again when its text changes
\`\`\`

The quick fixes _Accept in this row_ and _Turn off in this file_ write it. \`finetune check --only form chat safety\` limits
a check to some groups or rules.

## How well the rules judge

Each rule was run over a labelled sample of rows that have defects and of rows that only look as if: code, LaTeX, URLs, tables,
other languages, numbers that are no card numbers, polite sentences that are no refusals. _Precision_ is the share of its
findings on the sample that were right; _none wrong_ in a sample says no more than that. \`node bench/lintDefects.mjs --write\`
measures it again. Personal data are masked in every message.
`;

/** The page as Markdown. `precision`: code → {right, wrong}, and the number of clean rows. */
export function renderLintDocs(rules, precision) {
  const missing = rules.filter(({ code }) => !(code in lintPages)).map(({ code }) => code);
  const idle = Object.keys(lintPages).filter((page) => !rules.some(({ code }) => code === page));
  if (missing.length + idle.length > 0)
    throw new Error(
      `scripts/lint-pages.mjs: no page for ${missing.join(', ') || 'none'}; no rule for ${idle.join(', ') || 'none'}`,
    );
  return [
    intro,
    ...Object.entries(groupTitles).flatMap(([group, title]) => [
      `## ${title}\n`,
      ...rules.filter((rule) => rule.group === group).map((rule) => section(rule, lintPages[rule.code], precision)),
    ]),
  ].join('\n');
}

function section({ code, severity, title, fix }, { why, bad, mend }, precision) {
  const lines = [`<a id="${code.replace('/', '-')}"></a>\n`, `### ${code}\n`, `**${title}** (${severity}). ${why}\n`];
  if (bad !== undefined) lines.push('```json', visible(bad), '```\n');
  lines.push(`_How to mend it._ ${mend}${fix === undefined ? '' : ` The quick fix ${fix}.`}\n`);
  lines.push(`_Precision._ ${told(precision.rules[code], precision.cleanRows)}\n`);
  return lines.join('\n');
}

/** Characters that nobody would see are written as escapes. */
function visible(text) {
  return text
    .replace(/[\ufeff\u200b]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)
    .replaceAll('ghp_16C7', 'ghp_••••');
}

function told(counts, cleanRows) {
  if (counts === undefined) return 'Exact: it says what the trainer itself does with the row.';
  const { right, wrong } = counts;
  if (right === 0) return `Not measured as a share; ${wrong} false findings in ${cleanRows} clean rows.`;
  const percent = ((100 * right) / (right + wrong)).toFixed(1);
  return wrong === 0
    ? `${right} of ${right} findings were right, none wrong in ${cleanRows} clean rows.`
    : `${percent} % (${right} of ${right + wrong} findings were right).`;
}
