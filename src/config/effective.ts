// Config and facts to the effective config: defaults filled in, every `auto` decided, each decision with its reason.

import { chooseDevice } from './device.ts';
import { chooseEngine, type Engine } from './engine.ts';
import type { Decision, EffectiveConfig, EffectiveData, EffectiveLora, EffectiveTraining } from './effectiveTypes.ts';
import type { ConfigFacts, MachineFacts } from './facts.ts';
import { methodOf, prefixLength, trainsLora } from './method.ts';
import { learningRateShares, learnsFromAnswers, objectiveOf } from './objective.ts';
import { formatPath, valueAt, type PathPart } from './path.ts';
import { sourceOf, type Positions } from './positions.ts';
import { defaults, defaultsForMethod, trainFileDefaults, type FinetuneConfig } from './schema.generated.ts';
import { showNumber } from './words.ts';
import { isObject } from '../protocol/guards.ts';

/** Share of the free memory that a step may plan to use: the rest is for what no estimate sees. */
const usableMemoryShare = 0.9;

type Reasons = Map<string, string>;

/** The machine must be known: a device and a number of threads cannot be decided without. */
export type EffectiveFacts = ConfigFacts & { readonly machine: MachineFacts };

/**
 * The config with nothing left open, and for each field where its value comes from. With `positions` of `parseConfig`
 * fields set by --set are told from those of the file.
 */
export function effectiveConfig(
  config: FinetuneConfig,
  facts: EffectiveFacts,
  positions?: Positions,
): { config: EffectiveConfig; decisions: Decision[] } {
  const reasons: Reasons = new Map();
  const method = methodOf(config);
  const objective = objectiveOf(config);
  const data = effectiveData(config, facts, reasons);
  const lora = trainsLora(config) ? effectiveLora(config, facts, reasons) : undefined;
  const quantization = method === 'qlora' ? { ...defaults.quantization, ...config.quantization } : undefined;
  const effective: EffectiveConfig = {
    version: config.version,
    ...optional('name', config.name),
    model: config.model,
    engine: decideEngine(config, reasons),
    device: decideDevice(config, facts, reasons),
    threads: decideThreads(config, facts, reasons),
    method,
    objective,
    seed: config.seed ?? defaults.seed,
    data,
    ...optional('lora', lora),
    ...optional('quantization', quantization),
    ...optional('prefix', method === 'prefix' ? { ...defaults.prefix, ...config.prefix } : undefined),
    ...optional('dpo', objective === 'dpo' ? { ...defaults.dpo, ...config.dpo } : undefined),
    ...optional('grpo', objective === 'grpo' ? { ...defaults.grpo, ...config.grpo } : undefined),
    ...optional('ppo', objective === 'ppo' ? { ...defaults.ppo, ...config.ppo } : undefined),
    ...optional('reward', learnsFromAnswers(objective) ? { ...defaults.reward, ...config.reward } : undefined),
    training: effectiveTraining(config, facts, reasons),
    evaluation: { ...defaults.evaluation, prompts: [...defaults.evaluation.prompts], ...config.evaluation },
    checkpoints: {
      ...defaults.checkpoints,
      ...config.checkpoints,
      best_by: decideBestBy(config, facts, data, reasons),
    },
    ...optional('early_stopping', config.early_stopping && { ...defaults.early_stopping, ...config.early_stopping }),
    ...optional('distributed', effectiveDistributed(config)),
    ...optional('output', config.output),
  };
  return { config: effective, decisions: decisionsOf(effective, config, reasons, positions) };
}

function effectiveDistributed({ distributed }: FinetuneConfig): EffectiveConfig['distributed'] {
  if (!distributed) return undefined;
  const { slurm: defaultSlurm, ...rest } = defaults.distributed;
  const { slurm, ...given } = distributed;
  return { ...rest, ...given, ...optional('slurm', slurm && { ...defaultSlurm, options: [], ...slurm }) };
}

function decideEngine(config: FinetuneConfig, reasons: Reasons): Engine {
  const { engine, reason } = chooseEngine(config);
  if (config.engine !== engine) reasons.set('engine', reason);
  return engine;
}

function decideDevice(config: FinetuneConfig, facts: EffectiveFacts, reasons: Reasons): EffectiveConfig['device'] {
  const wanted = config.device ?? defaults.device;
  const choice = chooseDevice(wanted, facts.machine.devices);
  if (choice.device !== wanted) reasons.set('device', choice.reason);
  return choice.device;
}

function decideThreads(config: FinetuneConfig, facts: EffectiveFacts, reasons: Reasons): number {
  const wanted = config.threads ?? defaults.threads;
  if (wanted !== 'auto') return wanted;
  const cores = Math.max(1, Math.floor(facts.machine.cores));
  const processes = config.distributed?.processes ?? 1;
  const shared = processes > 1 ? `, shared by ${processes} processes` : '';
  reasons.set('threads', `this machine has ${cores} physical ${cores === 1 ? 'core' : 'cores'}${shared}`);
  return Math.max(1, Math.floor(cores / processes));
}

function effectiveData(config: FinetuneConfig, facts: ConfigFacts, reasons: Reasons): EffectiveData {
  const { data } = config;
  const format = data.format ?? defaults.data.format;
  const files = typeof data.train === 'string' ? [{ path: data.train }] : data.train;
  const train = files.map((file, index) => {
    const path = `data.train[${index}]`;
    const columns = file.columns ?? data.columns;
    if (file.format === undefined && format !== 'auto') reasons.set(`${path}.format`, 'as data.format says');
    if (file.columns === undefined && columns) reasons.set(`${path}.columns`, 'as data.columns says');
    let found = file.format ?? format;
    if (found === 'auto') {
      found = facts.formats?.[file.path] ?? 'auto';
      const reason = found === 'auto' ? 'decided when the rows are read' : 'what the rows look like';
      reasons.set(`${path}.format`, reason);
    }
    const weight = file.weight ?? trainFileDefaults.weight;
    return { path: file.path, weight, format: found, ...optional('columns', columns) };
  });
  return {
    ...defaults.data,
    ...data,
    train,
    format: decideFormat(config, train, facts, reasons),
    max_length: decideMaxLength(config, facts, reasons),
    packing: decidePacking(config, reasons),
  };
}

function decidePacking(config: FinetuneConfig, reasons: Reasons): boolean {
  if (methodOf(config) !== 'prefix') return config.data.packing ?? defaults.data.packing;
  if (config.data.packing === undefined) reasons.set('data.packing', 'each row stands behind a prefix of its own');
  return defaultsForMethod['data.packing'].prefix;
}

/** The format of rows that name none: as written, else found in the validation file, else what all training files have. */
function decideFormat(
  config: FinetuneConfig,
  train: EffectiveData['train'],
  facts: ConfigFacts,
  reasons: Reasons,
): EffectiveData['format'] {
  const { format = defaults.data.format, validation } = config.data;
  if (format !== 'auto') return format;
  const inValidation = typeof validation === 'string' ? facts.formats?.[validation] : undefined;
  const inTrain = new Set(train.map((file) => file.format));
  const [only] = inTrain;
  const found = inValidation ?? (inTrain.size === 1 && only !== undefined ? only : 'auto');
  reasons.set('data.format', found === 'auto' ? 'decided when the rows are read' : 'what the rows look like');
  return found;
}

function decideMaxLength(config: FinetuneConfig, facts: ConfigFacts, reasons: Reasons): number {
  if (config.data.max_length !== undefined) return config.data.max_length;
  const { contextLength = Infinity } = facts.model ?? {};
  const before = prefixLength(config);
  if (contextLength - before >= defaults.data.max_length) return defaults.data.max_length;
  const rest = before === 0 ? '' : `, and the prefix takes ${before} of them`;
  reasons.set('data.max_length', `the model's context is ${contextLength} tokens long${rest}`);
  return contextLength - before;
}

function effectiveLora(config: FinetuneConfig, facts: ConfigFacts, reasons: Reasons): EffectiveLora {
  const lora = config.lora ?? {};
  const adapter = lora.init_from === undefined ? undefined : facts.adapter;
  const fromAdapter = (field: string): void => void reasons.set(`lora.${field}`, 'as in the adapter of lora.init_from');
  const rank = lora.rank ?? adapter?.rank ?? defaults.lora.rank;
  if (lora.rank === undefined && adapter) fromAdapter('rank');
  if (lora.target_modules === undefined && adapter) fromAdapter('target_modules');
  if (lora.use_rslora === undefined && adapter) fromAdapter('use_rslora');
  if (lora.alpha === undefined) {
    if (adapter) fromAdapter('alpha');
    else reasons.set('lora.alpha', `2 · rank (${rank})`);
  }
  const targets = lora.target_modules ?? adapter?.targetModules ?? defaults.lora.target_modules;
  return {
    rank,
    alpha: lora.alpha ?? adapter?.alpha ?? 2 * rank,
    dropout: lora.dropout ?? defaultDropout(config, reasons),
    target_modules: targets === 'all-linear' ? targets : [...targets],
    use_rslora: lora.use_rslora ?? adapter?.useRslora ?? defaults.lora.use_rslora,
    use_dora: lora.use_dora ?? defaults.lora.use_dora,
    ...optional('init_from', lora.init_from),
  };
}

/** Dropout would blur what an objective compares: log-probabilities of the model and of its reference, or two scores. */
function defaultDropout(config: FinetuneConfig, reasons: Reasons): number {
  const objective = objectiveOf(config);
  if (objective === 'sft') return defaults.lora.dropout;
  reasons.set('lora.dropout', `${objective} compares numbers that dropout would blur`);
  return 0;
}

function effectiveTraining(config: FinetuneConfig, facts: EffectiveFacts, reasons: Reasons): EffectiveTraining {
  const { epochs, max_steps, warmup_ratio, warmup_steps, ...given } = config.training ?? {};
  const { epochs: defaultEpochs, warmup_ratio: defaultWarmup, ...rest } = defaults.training;
  return {
    ...rest,
    ...given,
    ...(max_steps === undefined ? { epochs: epochs ?? defaultEpochs } : { max_steps }),
    ...(warmup_steps === undefined ? { warmup_ratio: warmup_ratio ?? defaultWarmup } : { warmup_steps }),
    learning_rate: given.learning_rate ?? defaultLearningRate(config, reasons),
    mixed_precision: decideMixedPrecision(config, facts, reasons),
    gradient_checkpointing: decideCheckpointing(config, facts, reasons),
  };
}

function defaultLearningRate(config: FinetuneConfig, reasons: Reasons): number {
  const objective = objectiveOf(config);
  const share = learningRateShares[objective];
  const usual = usualLearningRate(config);
  const why = [
    ...(usual.why === undefined ? [] : [usual.why]),
    ...(share === 1 ? [] : [`objective ${objective} ${showNumber(share)} of sft's`]),
  ];
  if (why.length > 0) reasons.set('training.learning_rate', why.join(', '));
  return Number((usual.rate * share).toPrecision(6));
}

/** A network that makes a prefix learns at smaller rates than the prefix by itself. */
const projectionShare = 0.1;

function usualLearningRate({ method, prefix }: FinetuneConfig): { rate: number; why?: string } {
  const { learning_rate: usual } = defaults.training;
  const { full, prefix: plain } = defaultsForMethod['training.learning_rate'];
  if (method === 'full') return { rate: full, why: `method full wants about a tenth of lora's ${showNumber(usual)}` };
  if (method !== 'prefix') return { rate: usual };
  if (prefix?.prefix_projection === true) {
    return { rate: plain * projectionShare, why: `a tenth of a plain prefix's ${showNumber(plain)}` };
  }
  return { rate: plain, why: 'method prefix wants larger steps than lora' };
}

function decideMixedPrecision(config: FinetuneConfig, facts: EffectiveFacts, reasons: Reasons): 'no' | 'bf16' {
  const wanted = config.training?.mixed_precision ?? defaults.training.mixed_precision;
  if (wanted !== 'auto') return wanted;
  const path = 'training.mixed_precision';
  if (chooseEngine(config).engine === 'embedded') {
    reasons.set(path, 'the embedded engine computes in 32-bit floats');
    return 'no';
  }
  const { device } = chooseDevice(config.device ?? defaults.device, facts.machine.devices);
  const hasIt = facts.machine.devices.some(({ name, bfloat16 }) => name === device && bfloat16 === true);
  reasons.set(path, hasIt ? `${device} computes in bfloat16` : `on ${device}, 32-bit floats are the safe choice`);
  return hasIt ? 'bf16' : 'no';
}

function decideCheckpointing(config: FinetuneConfig, facts: ConfigFacts, reasons: Reasons): boolean {
  const wanted = config.training?.gradient_checkpointing ?? defaults.training.gradient_checkpointing;
  if (wanted !== 'auto') return wanted;
  const path = 'training.gradient_checkpointing';
  if (methodOf(config) === 'prefix') {
    reasons.set(path, 'layers that are computed again would do so without the prefix');
    return false;
  }
  if (!facts.memory) {
    reasons.set(path, 'off, since the memory of a step was not estimated');
    return false;
  }
  const { neededBytes, freeBytes } = facts.memory;
  const on = neededBytes > usableMemoryShare * freeBytes;
  const share = `${Math.round(usableMemoryShare * 100)} % of the ${gigabytes(freeBytes)} that are free`;
  reasons.set(path, `a step needs ${gigabytes(neededBytes)} without it, ${on ? 'more' : 'not more'} than ${share}`);
  return on;
}

function decideBestBy(
  config: FinetuneConfig,
  facts: ConfigFacts,
  data: EffectiveData,
  reasons: Reasons,
): 'eval_loss' | 'none' {
  const given = config.checkpoints?.best_by;
  if (given !== undefined) return given;
  if (data.validation !== 0 && facts.rows?.validation !== 0) return defaults.checkpoints.best_by;
  reasons.set('checkpoints.best_by', 'there are no validation rows to compare by');
  return 'none';
}

/** Every leaf of the effective config with its source. A list of texts is one leaf. */
function decisionsOf(
  effective: EffectiveConfig,
  config: FinetuneConfig,
  reasons: Reasons,
  positions: Positions | undefined,
): Decision[] {
  const decisions: Decision[] = [];
  const visit = (value: unknown, parts: readonly PathPart[]): void => {
    if (isObject(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...parts, key]);
      return;
    }
    if (Array.isArray(value) && value.some(isObject)) {
      for (const [index, inner] of value.entries()) visit(inner, [...parts, index]);
      return;
    }
    const path = formatPath(parts);
    // `train: file` becomes a list of one: its path was written at `data.train`.
    const written = path === 'data.train[0].path' && typeof config.data.train === 'string' ? 'data.train' : path;
    decisions.push({ path, value, ...sourceAndReason(path, written) });
  };
  const sourceAndReason = (path: string, written: string): Pick<Decision, 'source' | 'reason'> => {
    const reason = reasons.get(path) ?? reasons.get(path.replace(/\.columns\..*$/, '.columns'));
    if (reason !== undefined) return { source: 'auto', reason };
    if (valueAt(config, written) === undefined) return { source: 'default' };
    return { source: (positions && sourceOf(positions, written)) ?? 'file' };
  };
  visit(effective, []);
  return decisions;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  const result: { [P in K]?: V } = {};
  if (value !== undefined) result[key] = value;
  return result;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
