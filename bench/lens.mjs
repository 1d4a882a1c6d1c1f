// Bar 7 of the token lens: for random rows with hard texts and each family of templates, its tokens against the trainer's
// labels and its tints against the tokens' own text, with the time of a row. Run: node bench/lens.mjs [rows=1000] [first and last family, such as 0-7]
import { build } from 'esbuild';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const rows = Number(process.argv[2] ?? 1000);
const [first = 0, last = first] = (process.argv[3] ?? '0-1000').split('-').map(Number);
const folder = await mkdtemp(join(tmpdir(), 'finetune-lens-'));
try {
  const outfile = join(folder, 'lens.mjs');
  await build({
    stdin: {
      contents: `
        export { checkLens } from './test/support/lensCheck.ts';
        export { nastyRow } from './test/support/lensRows.ts';
        export { uniform } from './test/support/random.ts';
        export { families, templateOf, tokenizerOf } from './test/unit/data/template/families.ts';`,
      resolveDir: resolve('.'),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(resolve('test/unit/data/template/families.ts')).href) },
  });
  const { checkLens, nastyRow, uniform, families, templateOf, tokenizerOf } = await import(pathToFileURL(outfile).href);
  console.log('family                      equal  refused alike  not equal  ms a row');
  let faulty = 0;
  for (const name of Object.keys(families).slice(first, last + 1)) {
    const [tokenizer, template, random] = [tokenizerOf(name), templateOf(name), uniform(`bench ${name}`)];
    const counts = { equal: 0, refused: 0, faulty: 0 };
    const began = performance.now();
    for (let i = 0; i < rows; i += 1) {
      const trainOn = ['assistant', 'last_assistant', 'all'][i % 3];
      const maxLength = i % 2 === 0 ? 100_000 : 60;
      const row = nastyRow(random, true);
      const { lens, faults } = checkLens(row, { tokenizer, template, trainOn, maxLength, overflow: 'truncate' });
      counts[faults.length > 0 ? 'faulty' : lens ? 'equal' : 'refused'] += 1;
      if (faults.length > 0 && counts.faulty <= 2)
        console.log(`  row ${i}: ${faults.slice(0, 3).join('; ')}\n  ${row.text}`);
    }
    const time = ((performance.now() - began) / rows).toFixed(1);
    const cells = [name.padEnd(26), String(counts.equal).padStart(6), String(counts.refused).padStart(14)];
    console.log([...cells, String(counts.faulty).padStart(10), time.padStart(9)].join(' '));
    faulty += counts.faulty;
  }
  process.exitCode = faulty > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}
