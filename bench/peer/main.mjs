// Speed and memory of our engines against TRL on the same machine, model and rows, for one objective or all of them: TRL as it
// ships, and at its best setting found.
//
//   FINETUNE_PYTHON=… FINETUNE_SMOLLM2=… node bench/peer/main.mjs [repeats=3] [sft|dpo|reward|grpo …]
//
// Runs take turns, so that a busy moment of the machine hits all alike; medians are shown.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execute, median, table, trainOnce } from '../run.mjs';
import { objectives } from './objectives.mjs';

const python = process.env.FINETUNE_PYTHON;
const model = process.env.FINETUNE_SMOLLM2;
const [repeats = 3, ...chosen] = process.argv.slice(2).map((text, i) => (i === 0 ? Number(text) : text));
const unknown = chosen.filter((name) => !Object.hasOwn(objectives, name));
if (!python || !model || unknown.length > 0) {
  console.error('Set FINETUNE_PYTHON (with torch, transformers, peft, trl) and FINETUNE_SMOLLM2 (a model folder).');
  console.error(`Objectives: ${Object.keys(objectives).join(', ')}.`);
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'finetune-peer-'));
const environment = { FINETUNE_DATA: join(folder, 'data') };
await execute(process.execPath, [resolve('dist/cli.js'), 'setup', 'torch', '--python', python], {
  env: { ...process.env, ...environment },
});
console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${repeats} rounds`);
for (const name of chosen.length > 0 ? chosen : Object.keys(objectives)) await compare(name);
await rm(folder, { recursive: true, force: true });

/** Our engines look at the load of the last minute before they choose how threads wait: it must not be that of the run before. */
async function quiet() {
  while (loadavg()[0] > cpus().length / 2) await setTimeout(1000);
}

async function compare(name) {
  const objective = objectives[name];
  const data = join(folder, `${name}.jsonl`);
  await writeFile(data, objective.rows);
  const contenders = {
    ...Object.fromEntries(
      objective.engines.flatMap((engine) => [
        [`${engine} engine, fp32`, () => ours(objective, engine, 'no')],
        ...(engine === 'torch' ? [[`${engine} engine, bf16`, () => ours(objective, engine, 'bf16')]] : []),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(objective.peers).map(([peer, options]) => [peer, () => theirs(objective.script, data, options)]),
    ),
  };
  const results = Object.fromEntries(Object.keys(contenders).map((contender) => [contender, []]));
  for (let round = 1; round <= repeats; round++) {
    for (const [contender, run] of Object.entries(contenders)) {
      await quiet();
      const result = await run();
      results[contender].push(result);
      const figures = `${result.tokensPerSecond.toFixed(0)} tokens/s, ${(result.peakMemory / 1e9).toFixed(2)} GB`;
      const losses = result.losses.map((loss) => loss.toFixed(4)).join(' ');
      console.error(`${name}, round ${round}: ${contender}: ${figures}, losses ${losses}`);
    }
  }
  const measured = Object.entries(results).map(([contender, list]) => ({
    contender,
    speed: median(list.map((r) => r.tokensPerSecond)),
    memory: median(list.map((r) => r.peakMemory)),
  }));
  const peers = measured.filter(({ contender }) => contender in objective.peers);
  console.log(`\n${name}, ${objective.steps} steps\n`);
  console.log(
    table([
      ['', 'useful tokens/s', 'peak memory', ...peers.map((peer) => `against ${peer.contender}`)],
      ...measured.map(({ contender, speed, memory }) => [
        contender,
        speed.toFixed(0),
        `${(memory / 1e9).toFixed(2)} GB`,
        ...peers.map((peer) => `${(speed / peer.speed).toFixed(2)} × at ${(memory / peer.memory).toFixed(2)} ×`),
      ]),
    ]),
  );
}

function ours({ rows, config, files = {} }, engine, precision) {
  const text = `version: 1
model: ${JSON.stringify(resolve(model))}
method: lora
engine: ${engine}
data: { train: rows.jsonl, validation: 0, order: as_is, max_length: 512 }
${config(`, mixed_precision: ${precision}`)}`;
  return trainOnce('bench.finetune.yaml', { 'bench.finetune.yaml': text, 'rows.jsonl': rows, ...files }, environment);
}

async function theirs(script, data, options) {
  const args = [resolve('bench/peer', script), '--model', resolve(model), '--data', data, ...options];
  const output = await execute(python, args, { env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  const result = JSON.parse(output.trim().split('\n').at(-1));
  return {
    tokensPerSecond: result.useful_tokens_per_s,
    peakMemory: result.peak_rss_mb * 1024 * 1024,
    losses: result.losses,
  };
}
