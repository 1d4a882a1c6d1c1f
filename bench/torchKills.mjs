// Runs of the torch engine killed (-9) at random moments: the worker, one of two ranks, or the trainer. Each must tell within
// 10 seconds what happened, leave no process behind, and become the run that was never disturbed, bit by bit, when it is
// resumed. Each life has a cache of its own, so that rows are tokenised again and again.
// `npm run build && FINETUNE_PYTHON=… node bench/torchKills.mjs [kills] [seed]`; exits with 1 if one does not hold.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { importSources } from './sources.mjs';

const {
  useTorch,
  writeTinyModel,
  writeTinyData,
  lossesOf,
  childrenOf,
  isAlive,
  startRun,
  resumeRun,
  openRun,
  randomStream,
} = await importSources(
  'torchKills',
  `export * from './test/support/torchTraining.ts'; export * from './test/support/tinyModelFolder.ts';
     export * from './test/support/livingRun.ts'; export * from './test/support/childProcesses.ts';
     export * from './src/runs/startRun.ts'; export { openRun } from './src/runs/store.ts';
     export { randomStream } from './src/engine/random.ts';`,
);

const kills = Number(process.argv[2] ?? 20);
const random = randomStream(Number(process.argv[3] ?? Date.now() % 1e6), 'kills');
const trainer = path.resolve('dist/trainer.js');
const limit = 10_000;

const config = {
  ...{ version: 1, model: './model', engine: 'torch', device: 'cpu', threads: 1 },
  data: { train: 'train.jsonl', max_length: 64 },
  lora: { rank: 4, dropout: 0.1 },
  training: { max_steps: 240, batch_size: 2, learning_rate: 0.002 },
  checkpoints: { every: 20, keep: 2 },
};
const forms = { one: {}, two: { distributed: { processes: 2, max_restarts: 0 } } };

const folder = await mkdtemp(path.join(tmpdir(), 'torch-kills-'));
let [lives, bad] = [0, 0];
// Nothing waits for a run that was started: this program would end.
const awake = setInterval(() => undefined, 60_000);
try {
  await useTorch(folder);
  await writeTinyModel(path.join(folder, 'model'));
  await writeTinyData(path.join(folder, 'train.jsonl'), 30_000);
  for (const form of Object.keys(forms)) await killed(form, Math.ceil(kills / 2));
} finally {
  clearInterval(awake);
  await rm(folder, { recursive: true, force: true });
}
console.log(bad === 0 ? 'all hold' : `${bad} do not hold`);
process.exitCode = bad > 0 ? 1 : 0;

function fails(what) {
  bad += 1;
  console.log(`  DOES NOT HOLD: ${what}`);
}

function environment() {
  return { ...process.env, FINETUNE_CACHE: path.join(folder, `cache-${lives++}`) };
}

async function killed(form, times) {
  const configFile = path.join(folder, `${form}.finetune.json`);
  await writeFile(configFile, JSON.stringify({ ...config, ...forms[form] }));
  const start = () =>
    startRun({
      configFile,
      name: form,
      overrides: [],
      runsFolder: path.join(folder, 'runs'),
      trainer,
      env: environment(),
    });
  const begun = performance.now();
  const whole = await start();
  if ((await whole.exited) !== 0) throw new Error(`The undisturbed run of ${form} failed.`);
  const wanted = await outcomeOf(whole);
  const span = performance.now() - begun;
  let run = await start();
  for (let done = 0; done < times;) {
    await Promise.race([delay(random.uniform() * span), run.exited]);
    const what = await kill(run);
    if (what !== undefined) {
      done += 1;
      console.log(`${form} ${done}: ${what}`);
      run = await resumeRun(run.folder, { trainer, env: environment() });
      continue;
    }
    // It was faster than its killer.
    if ((await outcomeOf(run)) !== wanted) fails('another outcome than that of the undisturbed run');
    run = await start();
  }
  if ((await run.exited) !== 0) fails('the last life ended otherwise');
  if ((await outcomeOf(run)) !== wanted) fails('another outcome than that of the undisturbed run');
}

/** Kills the trainer or one of its processes; what was hit and when, or undefined when the run was complete before. */
async function kill(run) {
  const children = await childrenOf(run.pid);
  const chosen = Math.floor(random.uniform() * (children.length + 1));
  const victim = children[chosen]?.pid ?? run.pid;
  const { state: then } = await openRun(run.folder);
  if (then.finished) return undefined;
  const begun = performance.now();
  try {
    process.kill(victim, 'SIGKILL');
  } catch {
    return undefined;
  }
  const name = victim === run.pid ? 'trainer' : `process ${chosen + 1} of ${children.length}`;
  const ended = await Promise.race([run.exited, delay(limit, 'late')]);
  if (ended === 0 && (await openRun(run.folder)).state.finished) return undefined;
  if (ended === 'late') fails(`the trainer was still there ${limit} ms after ${name} was killed`);
  while (children.some(({ pid }) => isAlive(pid)) && performance.now() - begun < limit) await delay(20);
  if (children.some(({ pid }) => isAlive(pid))) fails('a process is left');
  // A trainer that had not yet written who it is may still be starting, for all that one knows.
  while ((await openRun(run.folder)).status === 'starting' && performance.now() - begun < limit) await delay(100);
  const { status, state } = await openRun(run.folder);
  const told = status === 'interrupted' ? 'interrupted' : (state.failed?.cause.message ?? '');
  if (victim === run.pid ? status !== 'interrupted' : !/was ended by SIGKILL/.test(told))
    fails(`told as ${status}: ${told}`);
  const at =
    then.phase === 'preparing' ? `preparing (${then.progress.stage})` : `${then.phase} at step ${then.steps.length}`;
  return `${name} while ${at}; told after ${Math.round(performance.now() - begun)} ms: ${told}`;
}

async function outcomeOf(run) {
  const adapter = await readFile(path.join(run.folder, 'adapter/adapter_model.safetensors'), 'base64');
  return JSON.stringify([await lossesOf(run.folder), adapter]);
}
