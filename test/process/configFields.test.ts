// Every field of the config is read: for each, two configs that differ in it alone, and runs whose outcomes differ. A field
// that nothing reads, and a new one without a pair here, fails.
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EffectiveConfig } from '../../src/config/effectiveTypes.ts';
import { effectiveConfig } from '../../src/config/effective.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { parsePath, type PathPart } from '../../src/config/path.ts';
import { allFields } from '../../src/config/schema.ts';
import { runName } from '../../src/cli/readConfig.ts';
import { openModel } from '../../src/models/openModel.ts';
import type { LoadedModel } from '../../src/models/types.ts';
import { runPaths } from '../../src/runs/layout.ts';
import { createRun } from '../../src/runs/startRun.ts';
import { machineFacts } from '../../src/trainer/facts.ts';
import { maxRestartsOf, placementOf, torchPlan } from '../../src/trainer/openSession.ts';
import { prepareRun } from '../../src/trainer/prepare.ts';
import { rewardModelOf } from '../../src/trainer/rewardModel.ts';
import { drawingOf } from '../../src/trainer/answerPlan.ts';
import { datasetOf } from '../../src/trainer/rows.ts';
import { createControl } from '../../src/trainer/control.ts';
import { drawStep } from '../../src/trainer/drawnAnswers.ts';
import type { AnswerTools } from '../../src/engine/session.ts';
import { runTrainer } from '../../src/trainer/runTrainer.ts';
import { sessionPlan } from '../../src/trainer/sessionPlan.ts';
import { writeTinyData, writeTinyModel } from '../support/tinyModelFolder.ts';
import { scratchFolder } from '../support/trainerBundle.ts';

let folder: string;
let model: LoadedModel;
beforeAll(async () => {
  folder = await scratchFolder();
  process.env['FINETUNE_CACHE'] = path.join(folder, 'cache');
  // Without the torch engine, wherever it is set up: choosing it is then refused.
  process.env['FINETUNE_DATA'] = path.join(folder, 'data');
  await writeTinyModel(path.join(folder, 'model'));
  await writeTinyModel(path.join(folder, 'other-model'), { rope_theta: 100 });
  await writeTinyModel(path.join(folder, 'judge'), {}, 1);
  await writeTinyData(path.join(folder, 'rows.jsonl'), 12);
  await writeTinyData(path.join(folder, 'more.jsonl'), 16);
  await writeFile(path.join(folder, 'all.jsonl'), rowOf('a') + rowOf('b'));
  const tools = "{{ tools | tojson if tools }}{% for m in messages %}{{ m['role'] ~ m['content'] }}{% endfor %}";
  await writeFile(path.join(folder, 'tools.jinja'), tools);
  model = await openModel('./model', { baseDirectory: folder });
  const { run } = await trained(base);
  await cp(path.join(run, 'adapter'), path.join(folder, 'adapter'), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One row of every format at once, and the same once more under other names (`x_text` for `text`). */
function rowOf(mark: string): string {
  const says = (text: string) => [
    { role: 'user', content: `q ${text} ${mark}` },
    { role: 'assistant', content: `a ${text} ${mark}` },
    { role: 'user', content: 'and' },
    { role: 'assistant', content: 'so' },
  ];
  const talk = (text: string) => [
    { from: 'human', value: `q ${text} ${mark}` },
    { from: 'gpt', value: `a ${text} ${mark}` },
  ];
  const texts = [
    'system',
    'instruction',
    'input',
    'output',
    'prompt',
    'completion',
    'text',
    'question',
    'answer',
    'chosen',
    'rejected',
  ];
  const named = (prefix: string) => [
    ...texts.map((name) => [`${prefix}${name}`, `${prefix}${name} ${mark}`]),
    [`${prefix}messages`, says(prefix)],
    [`${prefix}conversations`, talk(prefix)],
    [`${prefix}tools`, [{ type: 'function', function: { name: `${prefix}tool` } }]],
    [`${prefix}steps`, [`${prefix}step ${mark}`]],
  ];
  return `${JSON.stringify(Object.fromEntries([...named(''), ...named('x_')]))}\n`;
}

type Tree = Readonly<Record<string, unknown>>;

const base: Tree = {
  ...{ version: 1, model: './model', device: 'cpu', threads: 1, seed: 1 },
  data: { train: 'rows.jsonl', validation: 'more.jsonl', max_length: 64 },
  lora: { rank: 2 },
  training: { max_steps: 3, batch_size: 2, learning_rate: 0.01 },
  evaluation: { every: 2 },
  checkpoints: { every: 2 },
};

/** A pair of configs: both have `also` over the base, and the second has the field's `value`. */
interface Pair {
  readonly also?: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

const noRows = { 'data.validation': 0, 'data.max_length': 256 };
const formats: Readonly<Record<string, readonly string[]>> = {
  instruction: ['system', 'instruction', 'input', 'output'],
  messages: ['messages', 'tools'],
  conversations: ['conversations'],
  prompt_completion: ['prompt', 'completion'],
  text: ['text'],
  reasoning: ['question', 'steps', 'answer'],
  preference: ['chosen', 'rejected'],
};

/** Fields of the data block that make rows: compared by the tokens and masks that the trainer gets. */
const rowPairs: Readonly<Record<string, Pair>> = {
  'data.train': { value: 'more.jsonl' },
  'data.train[].path': { also: { 'data.train': [{ path: 'rows.jsonl' }] }, value: 'more.jsonl' },
  'data.train[].weight': { also: { 'data.train': [{ path: 'rows.jsonl' }] }, value: 2 },
  'data.train[].format': {
    also: { ...noRows, 'data.train': [{ path: 'all.jsonl', format: 'text' }] },
    value: 'messages',
  },
  'data.validation': { value: 0.5 },
  'data.format': { also: { ...noRows, 'data.train': 'all.jsonl', 'data.format': 'text' }, value: 'messages' },
  'data.template': { also: { 'data.max_length': 256 }, value: 'alpaca' },
  'data.system': { value: 'Be brief.' },
  'data.train_on': { value: 'all' },
  'data.max_length': { value: 31 },
  'data.overflow': { also: { 'data.max_length': 31 }, value: 'drop' },
  ...Object.fromEntries(
    Object.entries(formats).flatMap(([format, names]) =>
      names.flatMap((name): [string, Pair][] => {
        const template = name === 'tools' ? { 'data.template': 'tools.jinja', 'data.train_on': 'all' } : {};
        const objective = format === 'preference' ? { objective: 'dpo' } : {};
        const also = { ...noRows, ...template, ...objective, 'data.format': format };
        const value = `x_${name}`;
        return [
          [`data.columns.${name}`, { also: { ...also, 'data.train': 'all.jsonl' }, value }],
          [`data.train[].columns.${name}`, { also: { ...also, 'data.train': [{ path: 'all.jsonl' }] }, value }],
        ];
      }),
    ),
  ),
};

const epochs = { 'training.max_steps': undefined, 'training.epochs': 0.5 };
const stable = { 'training.lr_scheduler': 'warmup_stable_decay', 'training.max_steps': 5 };
const watched = { 'evaluation.prompts': ['say 1'] };
const standing = { 'training.learning_rate': 1e-9, 'training.max_steps': 6, 'evaluation.every': 1 };

/** All other fields: compared by whole runs. */
const runPairs: Readonly<Record<string, Pair>> = {
  name: { value: 'called' },
  model: { value: './other-model' },
  engine: { value: 'torch' },
  device: { value: 'gpu' },
  threads: { value: 2 },
  method: { also: { lora: undefined }, value: 'full' },
  objective: { value: 'dpo' },
  seed: { value: 2 },
  'data.lint': { also: { 'data.max_length': 31 }, value: { 'training/answer-cut': 'error' } },
  'data.packing': { value: false },
  'data.order': { value: 'as_is' },
  'lora.rank': { value: 4 },
  'lora.alpha': { value: 3 },
  'lora.dropout': { value: 0.5 },
  'lora.target_modules': { value: ['q_proj'] },
  'lora.use_rslora': { value: true },
  'lora.init_from': { also: { lora: {} }, value: 'adapter' },
  'training.epochs': { also: epochs, value: 1 },
  'training.max_steps': { value: 4 },
  'training.batch_size': { value: 1 },
  'training.gradient_accumulation_steps': { value: 2 },
  'training.learning_rate': { value: 0.02 },
  'training.lr_scheduler': { value: 'constant' },
  'training.min_lr_ratio': { also: { 'training.lr_scheduler': 'cosine_with_min_lr' }, value: 0.5 },
  'training.decay_ratio': { also: stable, value: 0.6 },
  'training.warmup_ratio': { value: 0.6 },
  'training.warmup_steps': { value: 2 },
  'training.weight_decay': { value: 0.5 },
  'training.lora_lr_ratio': { value: 2 },
  'training.lora_plus_ratio': { value: 4 },
  'training.optimizer': { value: 'sgd' },
  'training.adam_beta1': { value: 0.5 },
  'training.adam_beta2': { value: 0.5 },
  'training.adam_epsilon': { value: 0.01 },
  'training.max_grad_norm': { value: 0.01 },
  'training.gradient_checkpointing': { value: true },
  'training.mixed_precision': { value: 'bf16' },
  'evaluation.every': { value: 1 },
  'evaluation.at_start': { value: false },
  'evaluation.prompts': { value: ['say 1'] },
  'evaluation.max_new_tokens': { also: watched, value: 2 },
  'checkpoints.every': { value: 1 },
  'checkpoints.keep': { also: { 'checkpoints.every': 1 }, value: 1 },
  'checkpoints.best_by': { also: { 'checkpoints.keep': 1, 'evaluation.every': 1 }, value: 'none' },
  'early_stopping.patience': { also: { ...standing, 'early_stopping.min_delta': 1 }, value: 1 },
  'early_stopping.min_delta': {
    also: { 'evaluation.every': 1, 'early_stopping.patience': 2, 'training.max_steps': 6 },
    value: 5,
  },
  'distributed.processes': { value: 2 },
  output: { value: 'out' },
};

const dpo = { objective: 'dpo' };
const prefix = { method: 'prefix', lora: undefined };
const grpo = { objective: 'grpo', reward: { regex: 'a' } };

const ppo = { objective: 'ppo', reward: { regex: 'a' } };

/** Fields that only the torch engine reads: compared by what its worker is asked for; test/reference holds what it does then. */
const torchPairs: Readonly<Record<string, Pair>> = {
  'lora.use_dora': { also: { engine: 'torch' }, value: true },
  'prefix.num_virtual_tokens': { also: prefix, value: 4 },
  'prefix.prefix_projection': { also: prefix, value: true },
  'prefix.encoder_hidden_size': { also: { ...prefix, prefix: { prefix_projection: true } }, value: 12 },
  'quantization.type': { also: { method: 'qlora' }, value: 'fp4' },
  'quantization.double_quant': { also: { method: 'qlora' }, value: false },
  'grpo.beta': { also: grpo, value: 0.5 },
  'grpo.num_iterations': { also: grpo, value: 2 },
  'grpo.epsilon': { also: grpo, value: 0.1 },
  'ppo.num_ppo_epochs': { also: ppo, value: 2 },
  'ppo.kl_coef': { also: ppo, value: 0.5 },
  'ppo.gamma': { also: ppo, value: 0.9 },
  'ppo.lam': { also: ppo, value: 0.9 },
  'ppo.cliprange': { also: ppo, value: 0.1 },
  'ppo.cliprange_value': { also: ppo, value: 0.1 },
  'ppo.vf_coef': { also: ppo, value: 0.5 },
  'reward.function': { also: grpo, value: 'rewards.py:mine' },
  'reward.timeout': { also: grpo, value: 5 },
  'reward.exact_match': { also: grpo, value: 'solution' },
  'reward.regex': { also: grpo, value: 'b' },
  'reward.model': { also: grpo, value: './judge' },
  'reward.min_length': { also: grpo, value: 2 },
  'reward.max_length': { also: grpo, value: 8 },
  'dpo.loss_type': { also: dpo, value: 'ipo' },
  'dpo.beta': { also: dpo, value: 0.5 },
  'dpo.label_smoothing': { also: dpo, value: 0.1 },
  'distributed.strategy': { also: { 'distributed.processes': 2 }, value: 'fsdp' },
  'distributed.max_restarts': { also: { 'distributed.processes': 2 }, value: 1 },
  'distributed.hosts': { also: { 'distributed.processes': 2 }, value: ['a', 'b'] },
  'distributed.slurm.nodes': { also: { distributed: { processes: 2, slurm: {} } }, value: 2 },
  'distributed.slurm.options': { also: { distributed: { processes: 2, slurm: {} } }, value: ['--partition=gpu'] },
  'distributed.interface': { also: { 'distributed.processes': 2 }, value: 'eth0' },
  'distributed.cpu_offload': { also: { distributed: { processes: 2, strategy: 'fsdp' } }, value: true },
};

/** Fields that say how answers are drawn and what they count for: compared by that, in a step. */
const drawPairs: Readonly<Record<string, Pair>> = {
  'grpo.num_generations': { also: grpo, value: 2 },
  'grpo.max_completion_length': { also: grpo, value: 16 },
  'grpo.temperature': { also: grpo, value: 0.5 },
  'grpo.top_p': { also: grpo, value: 0.5 },
  'ppo.max_completion_length': { also: ppo, value: 16 },
  'ppo.temperature': { also: ppo, value: 0.5 },
  'ppo.top_p': { also: ppo, value: 0.5 },
  'ppo.missing_eos_penalty': { also: ppo, value: 1 },
};

const leaves = allFields().filter(({ schema }) => !schema.properties);
/** With one word besides `auto` (or none) there is nothing to choose: `version`, and what one engine alone can do. */
const withoutChoice = leaves.filter(
  ({ schema }) => schema.enum !== undefined && schema.enum.filter((word) => word !== 'auto').length <= 1,
);

test('every field has a pair here, but those that leave no choice', () => {
  const wanted = leaves.filter((field) => !withoutChoice.includes(field)).map(({ path: name }) => name);
  const pairs = { ...rowPairs, ...runPairs, ...torchPairs, ...drawPairs };
  expect(Object.keys(pairs).toSorted()).toEqual(wanted.toSorted());
});

describe('another value makes other rows', () => {
  test.each(Object.entries(rowPairs))('%s', async (name, pair) => {
    const [one, other] = configsOf(name, pair);
    expect(await rowsOf(other)).not.toBe(await rowsOf(one));
  });

  test('and the same value makes the same', async () => expect(await rowsOf(base)).toBe(await rowsOf({ ...base })));
});

describe('another value draws other answers', () => {
  test.each(Object.entries(drawPairs))('%s', async (name, pair) => {
    const [one, other] = configsOf(name, pair);
    expect(await drawnOf(other)).not.toBe(await drawnOf(one));
  });
});

describe('another value makes another run', () => {
  test.each(Object.entries(runPairs))('%s', async (name, pair) => {
    const [one, other] = configsOf(name, pair);
    expect(await outcomeOf(other)).not.toBe(await outcomeOf(one));
  });

  test('and the same value makes the same', async () =>
    expect(JSON.parse((await trained(base)).outcome)).toEqual(JSON.parse(await outcomeOf(base))));
});

describe('another value asks the torch engine for something else', () => {
  test.each(Object.entries(torchPairs))('%s', async (name, pair) => {
    const [one, other] = configsOf(name, pair);
    expect(await askedOf(other)).not.toBe(await askedOf(one));
  });
});

function configsOf(name: string, { also = {}, value }: Pair): [Tree, Tree] {
  const one = Object.entries(also).reduce((tree, [at, set]) => withField(tree, at, set), base);
  return [one, withField(one, name.replace('[]', '[0]'), value)];
}

function withField(tree: Tree, at: string, value: unknown): Tree {
  const set = (inner: unknown, parts: readonly PathPart[]): unknown => {
    const [first, ...rest] = parts;
    if (first === undefined) return value;
    if (Array.isArray(inner)) return inner.map((item: unknown, i) => (i === first ? set(item, rest) : item));
    const block = typeof inner === 'object' && inner !== null ? inner : {};
    return { ...block, [first]: set(Reflect.get(block, first), rest) };
  };
  return set(tree, parsePath(at) ?? []) as Tree;
}

/** Tokens and masks of all rows of a config, as the trainer gets them; or why it refuses. */
async function rowsOf(tree: Tree): Promise<string> {
  const effective = await effectiveOf(tree);
  const signal = new AbortController().signal;
  const found = await datasetOf(effective, folder, model, { signal, onProgress: () => undefined });
  const rows = [found.train, found.validation].map((set) =>
    Array.from({ length: set?.length ?? 0 }, (_, i) => {
      const { tokens, mask } = set!.row(i);
      return [[...tokens].join(), [...mask].join('')];
    }),
  );
  found.close();
  return JSON.stringify(rows);
}

/** What the torch engine's worker would be asked for. */
async function askedOf(tree: Tree): Promise<string> {
  const effective = await effectiveOf(tree);
  expect(effective.engine).toBe('torch');
  const { rewardModel } = await rewardModelOf(effective, model, { baseDirectory: folder });
  const plan = torchPlan(effective, sessionPlan(effective, model), folder, rewardModel);
  return JSON.stringify([plan, placementOf(effective.distributed), maxRestartsOf(effective)]);
}

/** What the trainer asks for answers in a step. */
async function drawnOf(tree: Tree): Promise<string> {
  const asked: unknown[] = [];
  const answers: AnswerTools = {
    draw: (prompts, settings) => {
      asked.push(settings);
      return Promise.resolve(prompts.flatMap(() => Array.from({ length: settings.group }, () => nothing)));
    },
    score: (texts) => Promise.resolve({ regex: texts.map(() => 0) }),
  };
  const drawing = drawingOf(await effectiveOf(tree), model, 'none', answers);
  const { rows } = await drawStep(
    drawing!,
    [{ sampleId: 'd:1', ...nothing, mask: new Uint8Array() }],
    1,
    createControl(
      () => undefined,
      () => Promise.resolve(),
    ),
  );
  return JSON.stringify([asked, rows.map(({ worth }) => worth)]);
}
const nothing = { tokens: new Int32Array(), isEnded: false };

async function effectiveOf(tree: Tree): Promise<EffectiveConfig> {
  const { config, problems } = parseConfig(JSON.stringify(tree), 'x');
  expect(problems).toEqual([]);
  return effectiveConfig(config!, { machine: await machineFacts(config!) }).config;
}

const outcomes = new Map<string, Promise<string>>();

async function outcomeOf(tree: Tree): Promise<string> {
  const key = JSON.stringify(tree);
  const known = outcomes.get(key) ?? trained(tree).then(({ outcome }) => outcome);
  outcomes.set(key, known);
  return known;
}

let serial = 0;

/** Trains a config to its end; what it leaves, without the times that every run has of its own. */
async function trained(tree: Tree): Promise<{ run: string; outcome: string }> {
  serial += 1;
  const configFile = path.join(folder, `c${serial}.finetune.json`);
  const text = JSON.stringify(tree);
  await writeFile(configFile, text);
  const name = runName(parseConfig(text, configFile).config!, 'tiny.finetune.json');
  await rm(path.join(folder, 'out'), { recursive: true, force: true });
  const run = await createRun({
    configFile,
    name,
    overrides: [],
    runsFolder: path.join(folder, 'runs', String(serial)),
  });
  const told: string[] = [];
  const host = { prepare: prepareRun, send: () => undefined, connect: () => undefined };
  const code = await runTrainer(run, { ...host, tell: (sentence) => void told.push(sentence.replace(configFile, '')) });
  const outcome = {
    ...{ code, name, told },
    events: (await readFile(runPaths(run).events, 'utf8')).split('\n').flatMap((line) => lasting(line)),
    files: await contentsOf(run, ['adapter', 'model', 'checkpoints']),
    copied: await contentsOf(folder, ['out']),
  };
  return { run, outcome: JSON.stringify(outcome) };
}

/** What an event tells that is the same whenever the same run is made: no times, and no copy of the config. */
function lasting(line: string): string[] {
  if (line === '') return [];
  const { seq, time, seconds, tokens_per_second, memory_bytes, took, ...event } = JSON.parse(line) as Tree;
  // A checkpoint's size differs by the digits of its clock.
  const { type, config, decisions, estimates, result, output, bytes, ...rest } = event;
  if (type === 'hello' || type === 'progress') return [];
  const memory: unknown = Reflect.get({ ...(estimates as object | undefined) }, 'memory_bytes');
  return [JSON.stringify({ type, memory, ...rest })];
}

/** Files of some folders by name and content, as far as their content is the run's and not its clock's. */
async function contentsOf(root: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const files = await readdir(path.join(root, name), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const file of files.filter((entry) => entry.isFile())) {
      const whole = path.join(file.parentPath, file.name);
      const content = file.name.endsWith('.safetensors') ? hashOf(await readFile(whole)) : '';
      found.push(`${path.relative(root, whole)} ${content}`);
    }
  }
  return found.toSorted();
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
