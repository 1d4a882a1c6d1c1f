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

Datasets are linted in the editor while they are typed (\`.jsonl\`, \`.ndjson\`, and JSON arrays up to 10 MB that a config
names), and by \`finetune check train.jsonl validation.jsonl\`, which streams files of any size (also Parquet and gzip), shows
how far it is and can be stopped by Ctrl+C. _Check Dataset_ runs that check from the editor, for files that are too large to
be opened there, and lists what it finds in the Problems view. Rows are read by the functions that the trainer uses.

The rules of the group _Training_ need the tokenizer and template of a model. The editor tells them for the rows of a
dataset that a config names, once the model is on this machine: for all rows of JSON Lines up to 16 million characters, for
the rows that are edited in larger ones. \`finetune check my.finetune.yaml\` and the start of a run tell the same.

## Which config governs a dataset

Of the configs whose \`data.train\` or \`data.validation\` names the file, the one in the nearest folder, then the first by
path; the status bar chooses another for the editor. Linter, preview and token lens all take that one: its format, columns
and severities hold. \`finetune check train.jsonl\` looks for configs in the current folder and says which one it took.

## Severities and what is passed over

Every rule has a severity. What is said last here counts:

1. \`data.lint\` of the config, for the editor, \`finetune check\` and the start of a run: \`lint: {quality/html: off,
   training/answer-cut: error}\`. What is made an error stops the run; what keeps a row from being read does so in any case.
2. The editor's setting \`finetune.problems.severity\`, or \`finetune check train.jsonl --severity quality/html=off\`.
3. The _sidecar_ of a dataset, \`<dataset>.lint.yaml\`, which also names rows that are accepted; the data stay clean. A run
   does not read its severities:

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
other languages, numbers that are no card numbers, polite sentences that are no refusals. The figures below are of rows drawn
anew, with a seed that no rule was tuned on. _Precision_ is the share of its
findings on the sample that were right; _none wrong_ in a sample says no more than that. \`node bench/lintDefects.mjs --write\`
measures it again.

On 12,966 rows made of the paragraphs of 170 pages of other projects (the manuals of Axolotl, LLaMA-Factory, TRL and Unsloth,
August 2026), which no rule had seen, there were 378 findings. HTML (87), rows in another language than most of the file (81)
and addresses (6) were really there; of near duplicates (192) the beginnings were looked through, and all were sections that
one page repeats from another. 11 were wrong: tags of thinking that were spoken of as code, and a fence closed by an indented
line. Both rules have learned from it, so that these pages are no fresh sample any more. Personal data are masked in every message.
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
  const counts = precision.rules[code];
  lines.push(
    `_Precision._ ${counts ? told(counts, counts.cleanRows ?? precision.cleanRows) : (unmeasured[code] ?? exact)}\n`,
  );
  return lines.join('\n');
}

/** Of what the trainer itself says. */
const exact = 'Not measured on the sample: what it says of a row is what the trainer itself does with it.';

/** Of rules about a whole file, which no sample of rows can measure: what is certain, and what is a guess. */
const threshold = (what, limit) =>
  `Not measured on the sample. ${what} is counted exactly; that ${limit} is a mistake is a threshold, and you may have meant it.`;
const unmeasured = {
  'form/mixed-line-ends': 'Not measured on the sample: both kinds of line ends are in the file.',
  'training/low-trained-share': threshold('The share', 'less than 2 % of trained tokens'),
  'preference/length-bias': threshold('The effect size', 'such a difference in length'),
  'quality/label-imbalance': threshold('The share of each label', 'so uneven a file'),
  'quality/leak':
    'Not measured on the sample: rows that are told stand in both files, byte for byte after the layout is taken away. Reworded rows are not found.',
};

/** Characters that nobody would see are written as escapes. */
function visible(text) {
  return text
    .replace(/[\ufeff\u200b]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)
    .replaceAll('ghp_16C7', 'ghp_••••');
}

function told(counts, cleanRows) {
  const { right, wrong } = counts;
  if (right === 0) return `Not measured as a share; ${wrong} false findings in ${cleanRows} clean rows.`;
  const percent = ((100 * right) / (right + wrong)).toFixed(1);
  return wrong === 0
    ? `${right} of ${right} findings were right, none wrong in ${cleanRows} clean rows.`
    : `${percent} % (${right} of ${right + wrong} findings were right).`;
}
