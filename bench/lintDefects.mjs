// How well the lint rules judge: 25 rows of every kind of defect among 20,000 clean rows of three formats and rows that only
// look bad. `--write` keeps the precision of each rule for docs/lint.md; `--false` lists the clean rows that were
// reported and the defects that were missed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: {
    clean: { type: 'string', default: '20000' },
    write: { type: 'boolean', default: false },
    false: { type: 'boolean', default: false },
    // Another name gives other rows than those that the rules were tuned on.
    seed: { type: 'string', default: 'lint defects' },
    // Markdown files whose paragraphs are clean rows, too; findings on them are listed to be judged.
    texts: { type: 'string', multiple: true, default: [] },
  },
});
const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lint-defects-'));
try {
  const outfile = join(folder, 'measure.mjs');
  const contents = `export { measureLint } from './test/support/lintMeasure.ts';
export { measureTraining } from './test/support/trainingSeeds.ts'; export { findingsOnTexts } from './test/support/lintTexts.ts';
export { openModel } from './src/models/openModel.ts'; export { encodingOf } from './src/data/prepareDataset.ts'; export { uniform } from './test/support/random.ts';
export { lintRules } from './src/lint/rules/table.ts';`;
  const banner = {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  };
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', banner, logLevel: 'error' });
  const { measureLint, measureTraining, findingsOnTexts, uniform, lintRules, openModel, encodingOf } = await import(
    pathToFileURL(outfile).href
  );
  const rows = measureLint(Math.ceil(Number(values.clean) / 3), 25, uniform(values.seed));
  const baseDirectory = join(root, 'examples/quickstart');
  const model = await openModel('./starter-model', { baseDirectory });
  const encoding = { baseDirectory, template: 'chat', trainOn: 'assistant', maxLength: 1200, overflow: 'truncate' };
  const options = await encodingOf(encoding, model);
  const training = measureTraining(
    Math.ceil(Number(values.clean) / 10),
    25,
    uniform(`${values.seed}: training`),
    options,
  );
  const measure = {
    rules: new Map([...rows.rules, ...training.rules]),
    judgedByTokens: { codes: new Set(training.rules.keys()), cleanRows: training.cleanRows },
    cleanRows: rows.cleanRows,
    cleanRowsReported: rows.cleanRowsReported + training.cleanRowsReported,
    falseFindings: [...rows.falseFindings, ...training.falseFindings],
    missed: [...rows.missed, ...training.missed],
  };
  print(measure, lintRules);
  console.log(
    `of them judged by their tokens, too: ${training.cleanRows}, with a finding ${training.cleanRowsReported}`,
  );
  if (values.texts.length > 0) {
    const { rows: count, found } = findingsOnTexts(values.texts);
    console.log(`\n${count} rows of ${values.texts.length} other texts, ${found.length} findings:`);
    for (const finding of found) console.log(finding.slice(0, 300));
  }
  if (values.false) {
    for (const finding of measure.falseFindings) console.log(`wrong, ${finding}`);
    for (const row of measure.missed) console.log(`missed, ${row}`);
  }
  if (values.write) write(measure);
} finally {
  rmSync(folder, { recursive: true });
}

function print({ rules, cleanRows, cleanRowsReported }, lintRules) {
  console.log('| rule | seeded | found | wrong on clean rows |\n| --- | ---: | ---: | ---: |');
  for (const { code } of lintRules) {
    const counts = rules.get(code);
    if (counts) console.log(`| ${code} | ${counts.seeded} | ${counts.found} | ${counts.wrong} |`);
  }
  for (const group of ['form', 'chat', 'training', 'preference', 'quality', 'safety']) {
    const of = lintRules.filter((rule) => rule.group === group).map(({ code }) => rules.get(code));
    const sum = (name) => of.reduce((total, counts) => total + (counts?.[name] ?? 0), 0);
    console.log(
      `\nrecall of ${group} rules: ${((100 * sum('found')) / sum('seeded')).toFixed(2)} % of ${sum('seeded')}`,
    );
  }
  const share = ((100 * cleanRowsReported) / cleanRows).toFixed(3);
  console.log(`\nclean rows with a finding: ${cleanRowsReported} of ${cleanRows} (${share} %)`);
}

function write({ rules, cleanRows, judgedByTokens }) {
  const sorted = [...rules].sort(([a], [b]) => (a < b ? -1 : 1));
  // Fewer clean rows are tokenised than read.
  const clean = (code) => (judgedByTokens.codes.has(code) ? { cleanRows: judgedByTokens.cleanRows } : {});
  const kept = Object.fromEntries(sorted.map(([code, { right, wrong }]) => [code, { right, wrong, ...clean(code) }]));
  const file = new URL('lint-precision.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify({ cleanRows, rules: kept }, null, 2)}\n`);
}
