// From the effective config and the model to what the engine builds, and what that costs in memory and operations.

import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import type { TokenisedDataset, TokenisedRow } from '../data/dataset.ts';
import type { RowOrder } from '../data/order.ts';
import { chooseCapacity, packingOf, packRows, type PackingOptions } from '../data/packing.ts';
import { architectureOf } from '../engine/architectures/registry.ts';
import { planCosts, type BetweenSteps, type SequenceSize } from '../engine/costs.ts';
import { keyWidth } from '../engine/prefix.ts';
import type { SessionPlan, TrainingMethod } from '../engine/session.ts';
import type { RewardModel } from '../models/rewardModel.ts';
import type { LoadedModel } from '../models/types.ts';
import type { PackedSequence } from '../protocol/sequence.ts';
import { hasReference, objectivePlan, passesOf } from '../torch/session/objective.ts';
import type { MemorySettings } from './failures.ts';
import type { PreparedRun } from './preparedRun.ts';
import { gatheredBytes, keptShare } from './shardMemory.ts';
import { computedSize } from './sharedBeginnings.ts';
import { torchProgramBytes, torchStepBytes } from './torchMemory.ts';

export function sessionPlan(config: EffectiveConfig, model: LoadedModel): SessionPlan {
  const { training } = config;
  return {
    modelConfig: model.config,
    weights: [...model.weights.values()],
    method: trainingMethod(config, model),
    optimizer: {
      kind: training.optimizer,
      beta1: training.adam_beta1,
      beta2: training.adam_beta2,
      epsilon: training.adam_epsilon,
      weightDecay: training.weight_decay,
      maxGradNorm: training.max_grad_norm,
      loraLrRatio: training.lora_lr_ratio,
      loraPlusRatio: training.lora_plus_ratio,
    },
    seed: config.seed,
    gradientCheckpointing: training.gradient_checkpointing,
    device: config.device,
    threads: config.threads,
  };
}

function trainingMethod({ lora, prefix }: EffectiveConfig, model: LoadedModel): TrainingMethod {
  if (prefix) {
    return {
      kind: 'prefix',
      virtualTokens: prefix.num_virtual_tokens,
      projection: prefix.prefix_projection,
      encoderSize: prefix.encoder_hidden_size ?? keyWidth(architectureOf(model.config)),
    };
  }
  if (!lora) return { kind: 'full' };
  return {
    kind: 'lora',
    rank: lora.rank,
    alpha: lora.alpha,
    dropout: lora.dropout,
    targetModules: lora.target_modules,
    useRslora: lora.use_rslora,
    useDora: lora.use_dora,
  };
}

/** The sizes of sequences that a run will bring, from a look at some of its steps and at all lengths of its rows. */
export interface ExpectedSequences {
  /** Those that may need the most memory: with the most tokens, trained tokens or attention scores. */
  readonly largest: readonly SequenceSize[];
  /** The sequences of the steps that were looked at. */
  readonly steps: readonly (readonly SequenceSize[])[];
}

/** Steps that are laid out for the estimate, and rows that may need the most memory. */
const lookedAt = { steps: 24, rows: 256 };

/** The rows that steps will compute. */
export interface ExpectedSteps {
  readonly rows: TokenisedDataset;
  readonly order: RowOrder;
  readonly packing: PackingOptions;
  /** Rows of a step for each row of the dataset. */
  readonly copies: number;
}

/** The sequences of a step, as far as they are known before it. */
export function sequencesOfStep({ rows, order, packing, copies }: ExpectedSteps, step: number): PackedSequence[] {
  const taken = Array.from(order.rowsOfStep(step), (row) => Array<TokenisedRow>(copies).fill(rows.row(row)));
  return packRows(taken.flat(), packing);
}

/** The rows that a run comes to: a short one ends before it has seen them all. */
function rowsUntil(totalSteps: number, { rows, order }: ExpectedSteps): number[] {
  if (totalSteps >= order.stepsPerEpoch) return Array.from({ length: rows.length }, (_, row) => row);
  return Array.from({ length: totalSteps }, (_, index) => [...order.rowsOfStep(index + 1)]).flat();
}

export function expectSequences(expected: ExpectedSteps, totalSteps: number): ExpectedSequences {
  const { rows: train, order, packing } = expected;
  const count = Math.min(lookedAt.steps, order.stepsPerEpoch, totalSteps);
  const sizeOf = (sequence: PackedSequence): SequenceSize => computedSize(sequence, packing.longestSharing);
  const steps = Array.from({ length: count }, (_, index) => sequencesOfStep(expected, index + 1).map(sizeOf));
  // The sides of a pair share its prompt: how much that is shows when it is read, and it needs no more than its length says.
  const atMost = rowsUntil(totalSteps, expected).map((row): { row: number; size: SequenceSize } => {
    const tokens = train.tokenCount(row);
    return { row, size: { tokens, rows: 1, longestRow: tokens, trainedTokens: train.trainedCount(row) } };
  });
  const most = (measure: (size: SequenceSize) => number): SequenceSize[] => {
    let found = steps.flat().toSorted((a, b) => measure(b) - measure(a))[0];
    const limit = found ? measure(found) : -1;
    const larger = atMost.filter(({ size }) => measure(size) > limit);
    larger.sort((a, b) => measure(b.size) - measure(a.size));
    for (const { row, size } of larger.slice(0, lookedAt.rows)) {
      if (found && measure(found) >= measure(size)) break;
      const [alone] = packRows([train.row(row)], packingOf(undefined, 0)).map(sizeOf);
      if (alone && (!found || measure(alone) > measure(found))) found = alone;
    }
    return found ? [found] : [];
  };
  const scores = (size: SequenceSize): number => size.rows * size.longestRow ** 2;
  const largest = [...most((s) => s.tokens), ...most((s) => s.trainedTokens), ...most(scores)];
  return { largest: [...new Set(largest)], steps };
}

export interface PlanEstimate {
  readonly memoryBytes: number;
  readonly flopsPerStep: number;
  /** Updates of the optimiser in one step. */
  readonly updatesPerStep: number;
  readonly trainableParameters: number;
  /** Operations of one sequence in a step with one update. */
  readonly flopsOf: (sequence: SequenceSize) => number;
}

/** Peak memory (of all processes where they share the machine's, else of one GPU) and mean operations of a step. */
export function estimatePlan(
  plan: SessionPlan,
  { largest, steps }: ExpectedSequences,
  config: EffectiveConfig,
  rewardModel?: RewardModel,
): PlanEstimate {
  const costs = planCosts(plan);
  const objective = objectivePlan(config, '.');
  const { once, each, updates } = passesOf(objective);
  const bytesOf = (size: SequenceSize, sequences: number): number => {
    const { total, optimizer, program: trainer } = costs.memory(size, sequences, betweenSteps(config));
    if (config.engine === 'embedded') return total;
    // On the CPU the trainer counts beside its worker.
    const program = plan.device === 'cpu' ? torchProgramBytes + trainer : 0;
    const trained = 8 * costs.trainableParameters + optimizer;
    const reference = hasReference(objective) ? 4 * costs.trainableParameters : 0;
    const frozen = torchWeightBytes(plan, costs.totalParameters - costs.trainableParameters, config);
    const kept = keptShare(config) * (frozen + trained + reference) + gatheredBytes(plan, costs, config);
    const step = torchStepBytes(plan, size, objective.kind);
    return program + kept + step + rewardModelBytes(rewardModel, config);
  };
  const processes = plan.device === 'cpu' ? (config.distributed?.processes ?? 1) : 1;
  // What is counted is one forward and one backward pass, which takes twice as long.
  const flopsOf = (sequence: SequenceSize, count = 1): number => (costs.flops(sequence) * (once + count * each)) / 3;
  const flops = steps.map((step) => step.reduce((sum, sequence) => sum + flopsOf(sequence, updates), 0));
  const sequencesPerStep = Math.max(1, ...steps.map((step) => step.length));
  return {
    flopsOf: (sequence) => flopsOf(sequence),
    updatesPerStep: updates,
    memoryBytes: processes * Math.max(0, ...largest.map((size) => bytesOf(size, sequencesPerStep))),
    flopsPerStep: flops.reduce((a, b) => a + b, 0) / Math.max(1, flops.length),
    trainableParameters: costs.trainableParameters,
  };
}

/** The torch engine has no graphs of its own for what comes between steps. */
function betweenSteps({ engine, data, evaluation }: EffectiveConfig): BetweenSteps | undefined {
  if (engine !== 'embedded') return undefined;
  return { evaluates: data.validation !== 0, answers: evaluation.prompts.length > 0 };
}

/** Frozen weights as PyTorch keeps them: in 32 bits, in bfloat16, or linear layers in 4 bits with a scale for each 64. */
function torchWeightBytes(plan: SessionPlan, frozen: number, { training, quantization }: EffectiveConfig): number {
  if (!quantization) return frozen * (training.mixed_precision === 'bf16' ? 2 : 4);
  const linear = architectureOf(plan.modelConfig).linearModules.reduce((n, m) => n + m.inFeatures * m.outFeatures, 0);
  return linear * (0.5 + (quantization.double_quant ? 1 : 4) / 64) + 4 * (frozen - linear);
}

/** A reward model as it is kept beside the trained one: its numbers in 32 bits, or in bfloat16. */
function rewardModelBytes(rewardModel: RewardModel | undefined, { training }: EffectiveConfig): number {
  if (!rewardModel) return 0;
  const { model, adapter } = rewardModel;
  const entries = [...model.weights.values(), ...(adapter?.weights.values() ?? [])];
  const count = entries.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return count * (training.mixed_precision === 'bf16' ? 2 : 4);
}

/** What to say when memory runs out: the settings now, and what others would need. */
export function adviceFor(
  config: EffectiveConfig,
  model: LoadedModel,
  sequences: ExpectedSequences,
  rewardModel?: RewardModel,
): PreparedRun['advice'] {
  // Made here, so that the advice of a whole run does not hold on to the model's tokenizer.
  const plan = sessionPlan(config, model);
  const estimateMemory = (settings: MemorySettings): number => {
    const method =
      plan.method.kind === 'lora' ? { ...plan.method, rank: settings.rank ?? plan.method.rank } : plan.method;
    const changed = { ...plan, method, gradientCheckpointing: settings.gradientCheckpointing };
    const largest = sequences.largest.map((size) => shorter(size, settings, config));
    return estimatePlan(changed, { ...sequences, largest }, config, rewardModel).memoryBytes;
  };
  return { estimateMemory, config: adviceSettings(config) };
}

/** The settings now, as far as advice about a failure goes. */
export function adviceSettings({
  training,
  data,
  lora,
}: EffectiveConfig): NonNullable<PreparedRun['advice']['config']> {
  return {
    batchSize: training.batch_size,
    accumulation: training.gradient_accumulation_steps,
    maxLength: data.max_length,
    gradientCheckpointing: training.gradient_checkpointing,
    learningRate: training.learning_rate,
    warmupRatio: training.warmup_ratio,
    maxGradNorm: training.max_grad_norm,
    trainOn: data.train_on,
    ...(lora ? { rank: lora.rank } : {}),
  };
}

/** A sequence when rows are cut shorter, and when fewer of them are laid together. */
function shorter(size: SequenceSize, settings: MemorySettings, config: EffectiveConfig): SequenceSize {
  const longestRow = Math.min(size.longestRow, settings.maxLength);
  const share = Math.min(1, settings.batchSize / config.training.batch_size);
  const together = config.data.packing ? chooseCapacity(size.tokens * share, 1, config) : longestRow;
  const tokens = Math.min(size.tokens, Math.max(longestRow, together));
  return {
    tokens,
    longestRow,
    rows: Math.max(1, Math.min(size.rows, Math.ceil(size.rows * share))),
    trainedTokens: Math.min(size.trainedTokens, tokens),
  };
}
