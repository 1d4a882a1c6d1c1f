// npm run make-starter-model: makes the starter model and the examples' rows again, and says how good and how big.
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { pretrain } from './pretrain.ts';
import { taskRows } from './records.ts';
import { ticketRows } from './tickets.ts';

const { values } = parseArgs({
  options: {
    /** `rows` or `model`; both without it. */
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '2400' },
    threads: { type: 'string', default: '1' },
    out: { type: 'string', default: 'examples' },
  },
});
const seed = Number(values.seed);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const started = performance.now();
if (values.only !== 'model') await makeRows();
if (values.only !== 'rows') await makeModel();
say(`made in ${((performance.now() - started) / 1000).toFixed(0)} s`);

async function makeRows(): Promise<void> {
  await writeRows('quickstart/orders.train.jsonl', taskRows(seed, 'train', 1500));
  await writeRows('quickstart/orders.held-out.jsonl', taskRows(seed, 'held-out', 200));
  await writeRows('support-tickets/tickets.jsonl', ticketRows(seed, 180));
}

async function writeRows(name: string, rows: readonly object[]): Promise<void> {
  const file = join(values.out, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  say(`${String(rows.length)} rows in ${file}`);
}

async function makeModel(): Promise<void> {
  const folder = join(values.out, 'quickstart', 'starter-model');
  await rm(folder, { recursive: true, force: true });
  const { before, after } = await pretrain(folder, {
    ...{ seed, steps: Number(values.steps), tokensPerStep: 1024, learningRate: 3e-3, threads: Number(values.threads) },
    say,
  });
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
  say(`held-out loss ${before.toFixed(3)} before, ${after.toFixed(3)} after`);
  say(`${(bytes / 1e6).toFixed(2)} MB in ${folder}`);
  // Much of the text is dice, so no model gets near 0; random weights are at 7.3.
  if (after < 1.2 && bytes <= 8e6) return;
  say('That is not good enough: the held-out loss must be below 1.2 and the folder at most 8 MB.');
  process.exitCode = 1;
}
