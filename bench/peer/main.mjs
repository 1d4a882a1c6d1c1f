// Speed and memory of both engines against TRL on the same machine, model and rows: TRL as it ships, and at its best setting
// found.
//
//   FINETUNE_PYTHON=… FINETUNE_SMOLLM2=… node bench/peer/main.mjs [repeats=3]
//
// Runs take turns, so that a busy moment of the machine hits all alike; medians are shown.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { benchmarkRows } from '../rows.mjs';
import { execute, median, table, trainOnce } from '../run.mjs';

const python = process.env.FINETUNE_PYTHON;
const model = process.env.FINETUNE_SMOLLM2;
if (!python || !model) {
  console.error('Set FINETUNE_PYTHON (with torch, transformers, peft, trl) and FINETUNE_SMOLLM2 (a model folder).');
  process.exit(2);
}
const repeats = Number(process.argv[2] ?? 3);
const steps = 16;
const rows = benchmarkRows(1000);
const folder = await mkdtemp(join(tmpdir(), 'finetune-peer-'));
const data = join(folder, 'rows.jsonl');
await writeFile(data, rows);

const config = `version: 1
model: ${JSON.stringify(resolve(model))}
method: lora
data: { train: rows.jsonl, validation: 0, order: as_is, max_length: 512 }
lora: { rank: 16, alpha: 32, dropout: 0 }
training: { max_steps: ${steps}, batch_size: 4, learning_rate: 2.0e-4, lr_scheduler: constant, warmup_steps: 0, weight_decay: 0 }
`;

async function peer(...options) {
  const script = resolve('bench/peer/trl_sft.py');
  const args = [script, '--model', resolve(model), '--data', data, '--steps', String(steps), ...options];
  const output = await execute(python, args, { env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  const result = JSON.parse(output.trim().split('\n').at(-1));
  return { tokensPerSecond: result.useful_tokens_per_s, peakMemory: result.peak_rss_mb * 1024 * 1024 };
}

const environment = { FINETUNE_DATA: join(folder, 'data') };
await execute(process.execPath, [resolve('dist/cli.js'), 'setup', 'torch', '--python', python], {
  env: { ...process.env, ...environment },
});
const ours = (engine, precision = 'no') => {
  const text = config.replace('weight_decay: 0', `weight_decay: 0, mixed_precision: ${precision}`);
  const files = { 'bench.finetune.yaml': `${text}engine: ${engine}\n`, 'rows.jsonl': rows };
  return trainOnce('bench.finetune.yaml', files, environment);
};

const contenders = {
  'embedded engine, fp32': () => ours('embedded'),
  'torch engine, fp32': () => ours('torch'),
  'torch engine, bf16': () => ours('torch', 'bf16'),
  'TRL as it ships (4 rows, fp32)': () => peer('--batch', '4'),
  'TRL at its best (packed 1 × 512, bf16)': () => peer('--batch', '1', '--packing', '--max-length', '512', '--bf16'),
};

const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 1; round <= repeats; round++) {
  for (const [name, run] of Object.entries(contenders)) {
    const result = await run();
    results[name].push(result);
    console.error(`round ${round}: ${name}: ${result.tokensPerSecond.toFixed(0)} tokens/s`);
  }
}
await rm(folder, { recursive: true, force: true });

const measured = Object.entries(results).map(([name, list]) => ({
  name,
  speed: median(list.map((r) => r.tokensPerSecond)),
  memory: median(list.map((r) => r.peakMemory)),
}));
const peers = measured.filter(({ name }) => name.startsWith('TRL'));
console.log(
  `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${repeats} rounds of ${steps} steps\n`,
);
console.log(
  table([
    ['', 'useful tokens/s', 'peak memory', ...peers.map(({ name }) => `against ${name}`)],
    ...measured.map(({ name, speed, memory }) => [
      name,
      speed.toFixed(0),
      `${(memory / 1e9).toFixed(2)} GB`,
      ...peers.map((peer) => `${(speed / peer.speed).toFixed(2)} × at ${(memory / peer.memory).toFixed(2)} ×`),
    ]),
  ]),
);
