// What was estimated before a run against what it took: memory and time over several configs.
//
//   FINETUNE_SMOLLM2=… node bench/estimate.mjs
//   FINETUNE_SMOLLM2=… FINETUNE_PYTHON=… node bench/estimate.mjs torch    # objectives of the torch engine, speeds not remembered
//   … node bench/estimate.mjs torch dpo reward    # those alone whose names hold one of the words behind the engine

import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { objectives } from './peer/objectives.mjs';
import { benchmarkRows } from './rows.mjs';
import { execute, table, trainOnce } from './run.mjs';

const model = process.env.FINETUNE_SMOLLM2;
if (!model) {
  console.error('Set FINETUNE_SMOLLM2 to a folder with SmolLM2-135M-Instruct.');
  process.exit(2);
}
const starter = resolve('examples/quickstart/starter-model');
const rows = benchmarkRows(600);
const heldOut = rows.split('\n').slice(-60).join('\n');

const configs = {
  'LoRA r16, 4 rows': {},
  'LoRA r16, 4 rows, checkpointing': { checkpointing: true },
  'LoRA r4, 1 row, unpacked': { rank: 4, batch: 1, packing: false, steps: 32 },
  'LoRA r64, 8 rows, accumulated twice': { rank: 64, batch: 8, accumulate: 2, steps: 4 },
  'LoRA r8, rows cut at 128': { rank: 8, maxLength: 128 },
  'full, starter model, 16 rows': { model: starter, method: 'full', batch: 16, steps: 60, maxLength: 192 },
  'the same, evaluated and asked': {
    ...{ model: starter, method: 'full', batch: 16, steps: 60, maxLength: 192, validation: 'held.jsonl' },
    evaluation: { every: 20, prompts: ['Ana wants 4 red cups by Friday.'] },
  },
  // The two that nothing was fitted to.
  'full, 1 row cut at 256': { method: 'full', batch: 1, steps: 6, maxLength: 256 },
  'LoRA r32 on q_proj, v_proj, 16 rows': { rank: 32, batch: 16, steps: 4, modules: ['q_proj', 'v_proj'] },
};

function configText({ checkpointing = false, rank = 16, batch = 4, accumulate = 1, steps = 10, packing = true, ...c }) {
  return JSON.stringify({
    version: 1,
    model: resolve(c.model ?? model),
    method: c.method ?? 'lora',
    data: {
      ...{ train: 'rows.jsonl', validation: c.validation ?? 0, order: 'as_is' },
      ...{ max_length: c.maxLength ?? 512, packing },
    },
    ...(c.method === 'full'
      ? {}
      : { lora: { rank, alpha: 2 * rank, dropout: 0, target_modules: c.modules ?? 'all-linear' } }),
    training: {
      max_steps: steps,
      batch_size: batch,
      gradient_accumulation_steps: accumulate,
      gradient_checkpointing: checkpointing,
    },
    ...(c.evaluation ? { evaluation: c.evaluation } : {}),
  });
}

const embedded = Object.entries(configs).map(([name, settings]) => {
  return { name, files: { 'bench.finetune.json': configText(settings), 'rows.jsonl': rows, 'held.jsonl': heldOut } };
});

/** The objectives that are compared with TRL (bench/peer), on the torch engine. */
const torch = ['sft', 'dpo', 'reward', 'grpo'].map((name) => {
  const { config, files = {}, rows: own } = objectives[name];
  const head = `version: 1\nmodel: ${JSON.stringify(resolve(model))}\nmethod: lora\nengine: torch\ndevice: cpu\n`;
  const data = 'data: { train: rows.jsonl, validation: 0, order: as_is }\n';
  return { name, files: { ...files, 'bench.finetune.yaml': `${head}${data}${config('')}`, 'rows.jsonl': own } };
});

const folder = await mkdtemp(join(tmpdir(), 'finetune-estimate-'));
const [engine = 'embedded', ...words] = process.argv.slice(2);
const all = engine === 'torch' ? torch : embedded;
const wanted = words.length === 0 ? all : all.filter(({ name }) => words.some((word) => name.includes(word)));
const environment = all === torch ? { FINETUNE_DATA: join(folder, 'data'), FINETUNE_CACHE: join(folder, 'cache') } : {};
if (all === torch) {
  const setup = [resolve('dist/cli.js'), 'setup', 'torch', '--python', process.env.FINETUNE_PYTHON ?? 'python3'];
  await execute(process.execPath, setup, { env: { ...process.env, ...environment } });
}
const percent = (estimated, measured) => `${((estimated / measured - 1) * 100).toFixed(0)} %`;
const lines = [['', 'memory est.', 'measured', 'off', 'time est.', 'measured', 'off']];
for (const { name, files } of wanted) {
  const [config] = Object.keys(files).filter((file) => file.startsWith('bench.'));
  const { events, peakMemory } = await trainOnce(config, files, environment);
  const { estimates } = events.find((event) => event.type === 'started');
  const seconds = events.filter((event) => event.type === 'step').reduce((sum, step) => sum + step.seconds, 0);
  lines.push([
    name,
    `${(estimates.memory_bytes / 1e9).toFixed(2)} GB`,
    `${(peakMemory / 1e9).toFixed(2)} GB`,
    percent(estimates.memory_bytes, peakMemory),
    `${estimates.seconds.toFixed(1)} s`,
    `${seconds.toFixed(1)} s`,
    percent(estimates.seconds, seconds),
  ]);
  console.error(lines.at(-1).join('  '));
}
await rm(folder, { recursive: true, force: true });
console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}\n`);
console.log(table(lines));
