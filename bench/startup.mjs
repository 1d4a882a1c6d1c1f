// How long the command line takes to start: `finetune --help` against Node alone, the best and the median of 15 starts;
// and, where FINETUNE_SMOLLM2 names a model folder, how long `finetune start` takes to the end of its first step; with
// FINETUNE_PYTHON also that of the torch engine.
import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchmarkRows } from './rows.mjs';
import { median, trainOnce } from './run.mjs';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const starts = 15;

console.log(`Node ${process.version}, ${process.platform}-${process.arch}\n`);
console.log('| program | best | median |');
console.log('| --- | --- | --- |');
measure('node -e 0', ['-e', '0']);
measure('finetune --help', [cli, '--help']);
measure('finetune runs', [cli, 'runs']);
if (process.env.FINETUNE_SMOLLM2) {
  await measureFirstStep('first step of SmolLM2-135M', { validation: 0 });
  await measureFirstStep('… evaluated on 20 rows before', { validation: 0.02 });
  const python = process.env.FINETUNE_PYTHON;
  if (python) {
    const env = { FINETUNE_DATA: await mkdtemp(join(tmpdir(), 'finetune-bench-data-')) };
    const options = { env: { ...process.env, ...env }, stdio: 'ignore' };
    execFileSync(process.execPath, [cli, 'setup', 'torch', '--python', python], options);
    await measureFirstStep('… by the torch engine', { validation: 0 }, { engine: 'torch' }, env);
  }
}

/** From the start of the command to its first `step` event: three runs of LoRA on 1,000 rows that were never seen. */
async function measureFirstStep(name, data, more = {}, env = {}) {
  const config = {
    version: 1,
    model: process.env.FINETUNE_SMOLLM2,
    method: 'lora',
    data: { train: 'rows.jsonl', max_length: 512, ...data },
    training: { max_steps: 1, batch_size: 4 },
    ...more,
  };
  const files = { 'first.finetune.json': JSON.stringify(config), 'rows.jsonl': benchmarkRows(1000) };
  const times = [];
  for (let run = 0; run < 3; run++) {
    const { events, begun } = await trainOnce('first.finetune.json', files, env);
    times.push(Date.parse(events.find(({ type }) => type === 'step').time) - begun);
    if (process.argv.includes('--events')) {
      for (const { type, phase, time } of events) console.error(type, phase ?? '', Date.parse(time) - begun);
    }
  }
  console.log(`| ${name} | ${Math.min(...times)} ms | ${median(times)} ms |`);
}

function measure(name, args) {
  const times = Array.from({ length: starts }, () => {
    const begun = performance.now();
    execFileSync(process.execPath, args, { stdio: 'ignore' });
    return performance.now() - begun;
  }).toSorted((a, b) => a - b);
  console.log(`| ${name} | ${times[0].toFixed(0)} ms | ${times[(starts - 1) / 2].toFixed(0)} ms |`);
}
