// Every method of the torch engine with every objective, as whole runs on tiny models: each must learn (its own measure
// improves on rows that it does not train on), and must become the same run, bit by bit, when it is stopped and resumed.
// `FINETUNE_PYTHON=… node bench/torchMatrix.mjs [methods] [objectives] [strategy]`, lists with commas; exits with 1 if one
// fails. With a strategy (ddp, zero2, fsdp) two processes train together.
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { importSources } from './sources.mjs';

const { adopt, torchPlaces, makeRun, liveOnce, eventsOf, writeTinyModel, writeTinyData } = await importSources(
  'torchMatrix',
  `export * from './test/support/torchTraining.ts'; export * from './test/support/tinyModelFolder.ts';
   export { adopt } from './src/torch/environment/install.ts'; export { torchPlaces } from './src/torch/environment/record.ts';`,
);

const methods = {
  full: { method: 'full' },
  lora: { method: 'lora', lora: { rank: 4 } },
  dora: { method: 'lora', lora: { rank: 4, use_dora: true } },
  qlora: { method: 'qlora', lora: { rank: 4 } },
  'qlora-bf16': { method: 'qlora', lora: { rank: 4 }, training: { mixed_precision: 'bf16' } },
  bf16: { method: 'lora', lora: { rank: 4 }, training: { mixed_precision: 'bf16' } },
  prefix: { method: 'prefix', prefix: { num_virtual_tokens: 6 } },
  projected: { method: 'prefix', prefix: { num_virtual_tokens: 6, prefix_projection: true, encoder_hidden_size: 32 } },
};

const answers = { rows: 'prompts', reward: { function: 'rewards.py:letters' } };
const objectives = {
  sft: { rows: 'texts', measure: (event) => -event.loss },
  dpo: { rows: 'pairs', measure: (event) => event.metrics['rewards/accuracies'] },
  ipo: { rows: 'pairs', measure: (event) => event.metrics['rewards/accuracies'], dpo: { loss_type: 'ipo' } },
  reward: { rows: 'pairs', measure: (event) => event.metrics.accuracy },
  grpo: {
    ...answers,
    measure: (event) => event.metrics['reward/mean'],
    grpo: { num_generations: 8, max_completion_length: 8 },
  },
  ppo: {
    ...answers,
    measure: (event) => event.metrics['reward/mean'],
    ppo: { max_completion_length: 6, kl_coef: 0.01 },
  },
};

/** Learning rates at which these tiny models learn within the steps. */
const rates = { full: 0.004, prefix: 1, projected: 0.1 };

const [wantedMethods, wantedObjectives] = [process.argv[2], process.argv[3]].map((list) => list?.split(','));
const strategy = process.argv[4];
const folder = await mkdtemp(path.join(tmpdir(), 'torch-matrix-'));
let bad = 0;
try {
  process.env.FINETUNE_CACHE = path.join(folder, 'cache');
  process.env.FINETUNE_DATA = path.join(folder, 'data');
  await adopt(process.env.FINETUNE_PYTHON, torchPlaces(process.env.FINETUNE_DATA));
  await writeTinyModel(path.join(folder, 'model'), { hidden_size: 64, intermediate_size: 96 });
  await writeRows();
  for (const method of wantedMethods ?? Object.keys(methods)) {
    for (const objective of wantedObjectives ?? Object.keys(objectives)) {
      const told = await cell(method, objective).catch((error) => `FAILED ${error.message}`);
      bad += told.startsWith('FAILED') ? 1 : 0;
      console.log(`${method.padEnd(10)} ${objective.padEnd(7)} ${told}`);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = bad > 0 ? 1 : 0;

/** One run that is left alone and one that is stopped and resumed. */
async function cell(method, objective) {
  const begun = performance.now();
  const { rows, measure, ...own } = objectives[objective];
  const { training, ...way } = methods[method];
  const drawn = rows === 'prompts';
  // A prefix has to grow from next to nothing.
  const steps = way.method === 'prefix' ? 40 : objective === 'ppo' ? 14 : 16;
  const config = {
    ...{ version: 1, model: './model', engine: 'torch', device: 'cpu', threads: 1 },
    ...{ objective: objective === 'ipo' ? 'dpo' : objective, ...way, ...own },
    data: { train: `${rows}.jsonl`, validation: `${rows}-held.jsonl`, max_length: 64 },
    training: {
      ...{ max_steps: steps, batch_size: objective === 'ppo' ? 24 : 4, lr_scheduler: 'constant' },
      ...{ learning_rate: rates[method] ?? 0.02, ...training },
    },
    evaluation: { every: steps / 2 },
    checkpoints: { every: steps / 2 },
    ...(strategy === undefined ? {} : { distributed: { processes: 2, strategy } }),
  };
  const name = `${method}-${objective}`;
  const whole = await lived(await makeRun(folder, name, config));
  const stopped = await makeRun(folder, `${name}-stopped`, config);
  await lived(stopped, 5);
  await lived(stopped);
  const events = await eventsOf(whole);
  const measured = events.filter(({ type }) => type === 'evaluated').map(measure);
  const change = `${measured[0].toFixed(3)} → ${measured.at(-1).toFixed(3)}, ${Math.round((performance.now() - begun) / 1000)} s`;
  if (!(measured.at(-1) > measured[0])) return `FAILED to learn: ${change}`;
  // What processes need in memory is told beside what came of a step.
  const observed = ({ metrics = {} }) => Object.entries(metrics).filter(([name]) => !name.startsWith('memory/'));
  const numbers = (all) =>
    JSON.stringify(all.filter(({ type }) => type === 'step').map((e) => [e.step, e.loss, e.grad_norm, observed(e)]));
  if (numbers(events) !== numbers(await eventsOf(stopped))) return `FAILED to resume bit-equal: ${change}`;
  if (!(await resultOf(whole)).equals(await resultOf(stopped)))
    return `FAILED: another result after resuming, ${change}`;
  const warnings = events.filter(({ type }) => type === 'warning').map(({ problem }) => problem.code);
  return `${change}${drawn ? ', drawn answers' : ''}${warnings.length > 0 ? `; warned of ${warnings.join(', ')}` : ''}`;
}

async function lived(run, stopAfter) {
  const { code, told } = await liveOnce(run, stopAfter);
  if (code !== (stopAfter === undefined ? 0 : 130)) throw new Error(`exit code ${code}: ${told.slice(-600)}`);
  return run;
}

async function resultOf(run) {
  const at = (await readdir(run)).includes('adapter') ? 'adapter/adapter_model.safetensors' : 'model/model.safetensors';
  return readFile(path.join(run, at));
}

async function writeRows() {
  const write = (name, all) =>
    writeFile(path.join(folder, name), all.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeTinyData(path.join(folder, 'texts.jsonl'), 48);
  await writeTinyData(path.join(folder, 'texts-held.jsonl'), 8);
  const pairs = Array.from({ length: 72 }, (_, i) => ({
    prompt: `say ${i}`,
    chosen: `${'abcd'[i % 4].repeat(2 + (i % 3))}.`,
    rejected: `${'wxyz'[i % 4].repeat(2 + (i % 3))}!`,
  }));
  await write('pairs.jsonl', pairs.slice(0, 56));
  await write('pairs-held.jsonl', pairs.slice(56));
  const prompts = Array.from({ length: 56 }, (_, i) => ({ prompt: `say ${i}` }));
  await write('prompts.jsonl', prompts.slice(0, 48));
  await write('prompts-held.jsonl', prompts.slice(48));
  const body = `def letters(completions, **_):
    return [sum("a" <= letter <= "m" for letter in text) / max(1, len(text)) for text in completions]
`;
  await writeFile(path.join(folder, 'rewards.py'), body);
}
