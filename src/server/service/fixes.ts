// Quick fixes: for a problem of a config the changes that mend it, the best one first.
import type { ConfigFacts } from '../../config/facts.ts';
import { valueAt } from '../../config/path.ts';
import { learningRateShares, learnsFromAnswers, type Objective } from '../../config/objective.ts';
import { defaults, defaultsForMethod } from '../../config/schema.generated.ts';
import { nearest } from '../../config/suggest.ts';
import type { Problem } from '../../protocol/problem.ts';
import { pathAt, type ConfigText } from './configText.ts';
import { fileFixes, otherFileFixes } from './fileFixes.ts';
import { emptyFixes, missingFixes, unknownKeyFixes } from './fieldFixes.ts';
import { remove, set, type Broken, type Wanted } from './fixParts.ts';
import { outputFixes } from './outputFixes.ts';
import { duplicateFixes, environmentFixes, syntaxFixes } from './syntaxFixes.ts';
import { editsFor, type Edit } from './textChanges.ts';
import { rangeFixes, wrongValueFixes } from './valueFixes.ts';

export interface Fix {
  readonly title: string;
  readonly edits: readonly Edit[];
  /** The one that a person most likely wants; *fix all* makes it. */
  readonly isPreferred: boolean;
}

/** Fixes of a problem; none when there is nothing that could be done without asking. */
export function fixesOf(problem: Problem, text: ConfigText, facts: ConfigFacts): Fix[] {
  const make = fixers[problem.code];
  if (!make || !problem.place) return [];
  const path = pathAt(text.positions, problem.place) ?? '';
  return make({ text, problem, path, facts }).flatMap(({ title, changes, isPreferred }) => {
    const edits = editsFor(text, changes);
    return edits && edits.length > 0 ? [{ title, edits, isPreferred: isPreferred === true }] : [];
  });
}

const removeIt = ({ path }: Broken): Wanted[] => (path === '' ? [] : [remove(path)]);
const validateOnShare: Wanted = {
  title: 'Validate on 5 % of the training rows',
  changes: [{ kind: 'set', path: 'data.validation', value: 0.05 }],
  isPreferred: true,
};
const keepOne =
  (other: string) =>
  ({ path }: Broken): Wanted[] => [remove(path), { ...remove(other), isPreferred: false }];

/** What the embedded engine has for a field that asks for torch. */
function embeddedInstead(path: string): Wanted {
  if (path === 'distributed') return { ...remove(path), isPreferred: false };
  const value = { method: 'lora', 'lora.use_dora': 'false', 'training.mixed_precision': 'no' }[path] ?? 'auto';
  return set(path, value, false);
}

/** By code. A test holds that the documentation tells of exactly these. */
export const fixers: Readonly<Record<string, (broken: Broken) => Wanted[]>> = {
  'config/yaml-syntax': syntaxFixes,
  'config/duplicate-key': duplicateFixes,
  'config/unknown-key': unknownKeyFixes,
  'config/missing-field': missingFixes,
  'config/empty-value': emptyFixes,
  'config/wrong-value': wrongValueFixes,
  'config/out-of-range': rangeFixes,
  'config/environment-syntax': environmentFixes,
  'config/file-not-found': fileFixes,
  'config/no-files-match': otherFileFixes,
  'config/output-not-writable': outputFixes,
  'config/output-is-input': outputFixes,
  'config/validation-is-train': () => [validateOnShare],
  'config/max-length-beyond-context': ({ path, facts }) => (facts.model ? [set(path, facts.model.contextLength)] : []),
  'config/columns-unused': removeIt,
  'config/chat-fields-unused': removeIt,
  'config/epochs-and-max-steps': keepOne('training.epochs'),
  'config/warmup-ratio-and-steps': keepOne('training.warmup_ratio'),
  'config/warmup-too-long': ({ path }) => [
    {
      title: `Take warmup_ratio: ${defaults.training.warmup_ratio} instead`,
      changes: [
        { kind: 'remove', path },
        { kind: 'set', path: 'training.warmup_ratio', value: defaults.training.warmup_ratio },
      ],
      isPreferred: true,
    },
  ],
  'config/warmup-and-decay-overlap': overlapFixes,
  'config/min-lr-unused': removeIt,
  'config/decay-ratio-unused': removeIt,
  'config/adam-unused': removeIt,
  'config/learning-rate-unusual': ({ path, text }) => {
    const method = valueAt(text.document.value, 'method');
    const ofMethods: Readonly<Record<string, number>> = defaultsForMethod['training.learning_rate'];
    const rate = (typeof method === 'string' ? ofMethods[method] : undefined) ?? defaults.training.learning_rate;
    const objective = valueAt(text.document.value, 'objective');
    const share = isObjective(objective) ? learningRateShares[objective] : 1;
    return [set(path, Number((rate * share).toPrecision(6)), false)];
  },
  'config/lora-unused': ({ path }) => [
    remove(path),
    { title: 'Change method to lora', changes: [{ kind: 'set', path: 'method', value: 'lora' }] },
  ],
  'config/alpha-far-from-rank': ({ path, text, facts }) => {
    const rank = valueAt(text.document.value, 'lora.rank') ?? facts.adapter?.rank ?? defaults.lora.rank;
    return typeof rank === 'number' ? [set(path, 2 * rank, false), { ...remove(path), isPreferred: false }] : [];
  },
  'config/unknown-target-module': targetFixes,
  'config/adapter-differs': removeIt,
  'config/adapter-needs-dora': () => [set('lora.use_dora', true)],
  'config/early-stopping-without-validation': () => [
    validateOnShare,
    { ...remove('early_stopping'), isPreferred: false },
  ],
  'config/best-by-without-validation': ({ path }) => [validateOnShare, { ...remove(path), isPreferred: false }],
  'config/every-beyond-end': ({ path }) => [{ ...remove(path), isPreferred: false }],
  'config/max-new-tokens-unused': removeIt,
  'config/quantization-unused': ({ path }) => [
    remove(path),
    { title: 'Change method to qlora', changes: [{ kind: 'set', path: 'method', value: 'qlora' }] },
  ],
  'config/prefix-unused': ({ path }) => [
    remove(path),
    { title: 'Change method to prefix', changes: [{ kind: 'set', path: 'method', value: 'prefix' }] },
  ],
  'config/encoder-hidden-size-unused': removeIt,
  'config/packing-with-prefix': removeIt,
  'config/checkpointing-with-prefix': removeIt,
  'config/objective-with-prefix': ({ path }) => [set(path, 'lora', false)],
  'config/prefix-beyond-context': ({ path }) =>
    path === 'method' ? [] : [set(path, defaults.prefix.num_virtual_tokens, false)],
  'config/objective-block-unused': ({ path }) => [
    remove(path),
    ...(path === 'reward' ? ['grpo', 'ppo'] : [path]).map((value): Wanted => ({
      title: `Change objective to ${value}`,
      changes: [{ kind: 'set', path: 'objective', value }],
    })),
  ],
  'config/label-smoothing-unused': removeIt,
  'config/format-not-for-objective': ({ path, text }) => {
    const objective = valueAt(text.document.value, 'objective') ?? defaults.objective;
    if (objective === 'sft')
      return [{ title: 'Change objective to dpo', changes: [{ kind: 'set', path: 'objective', value: 'dpo' }] }];
    const format = isObjective(objective) && learnsFromAnswers(objective) ? 'prompt' : 'preference';
    return path.endsWith('format') ? [set(path, format, false)] : [];
  },
  'config/prompts-unused': removeIt,
  'config/reward-lengths-cross': ({ text }) => {
    const [min, max] = ['reward.min_length', 'reward.max_length'].map((at) => valueAt(text.document.value, at));
    const changes = [
      { kind: 'set', path: 'reward.min_length', value: max },
      { kind: 'set', path: 'reward.max_length', value: min },
    ] as const;
    return [{ title: 'Exchange min_length and max_length', changes: [...changes] }];
  },
  'config/clip-unused': removeIt,
  // Without torch there is no other way to train by an objective of its own: setting it up is the remedy.
  'config/torch-missing': ({ path }) => (path === 'objective' ? [] : [embeddedInstead(path)]),
  'config/needs-torch': ({ path }) => [
    ...(path === 'objective' ? [] : [embeddedInstead(path)]),
    {
      title: 'Change engine to torch',
      changes: [{ kind: 'set', path: 'engine', value: 'torch' }],
      isPreferred: path === 'objective',
    },
  ],
  'config/idle-processes': ({ path, text }) => {
    const field = (name: 'batch_size' | 'gradient_accumulation_steps'): number =>
      Number(valueAt(text.document.value, `training.${name}`) ?? defaults.training[name]);
    return [set(path, field('batch_size') * field('gradient_accumulation_steps'), false)];
  },
  'config/too-many-processes': ({ path, facts }) => {
    const count = Math.max(...(facts.machine?.devices ?? []).map((device) => device.count ?? 1));
    return Number.isFinite(count) ? [set(path, count)] : [];
  },
  'config/cpu-offload-unused': ({ path, text }) => {
    const onCpu = valueAt(text.document.value, 'device') === 'cpu';
    const shard = set('distributed.strategy', 'fsdp', false);
    return [{ ...remove(path), isPreferred: false }, ...(onCpu ? [] : [shard])];
  },
  'config/cannot-shard': ({ path }) => [set(path, 'ddp', false)],
  'config/uneven-hosts': ({ path, text }) => {
    const hosts = valueAt(text.document.value, 'distributed.hosts');
    const nodes = valueAt(text.document.value, 'distributed.slurm.nodes');
    const count = Array.isArray(hosts) ? hosts.length : Number(nodes ?? 1);
    return [set(path, Math.ceil(Number(valueAt(text.document.value, path)) / count) * count, false)];
  },
  'config/hosts-and-slurm': () => [remove('distributed.hosts'), { ...remove('distributed.slurm'), isPreferred: false }],
  'config/device-unavailable': ({ path }) => [set(path, 'auto')],
};

/** Decay for what the warm-up leaves, or the usual warm-up where that is too little. */
function overlapFixes({ text, problem }: Broken): Wanted[] {
  const [, warmup, decay, total] = /^(\d+) .*? (\d+) of .*? (\d+) steps of the run/.exec(problem.message) ?? [];
  const share = Math.floor((100 * (Number(total) - Number(warmup))) / Number(total)) / 100;
  const usual = defaults.training.warmup_ratio;
  const isSet = (name: string): boolean => valueAt(text.document.value, `training.${name}`) !== undefined;
  const shorter: Wanted = {
    title: `Take decay_ratio: ${share}, which the warm-up leaves`,
    changes: [{ kind: 'set', path: 'training.decay_ratio', value: share }],
  };
  const ratio: Wanted = {
    title: `Take warmup_ratio: ${usual} instead`,
    changes: [
      ...(isSet('warmup_steps') ? [{ kind: 'remove', path: 'training.warmup_steps' } as const] : []),
      { kind: 'set', path: 'training.warmup_ratio', value: usual },
    ],
  };
  const fits = Math.ceil(usual * Number(total)) + Number(decay) <= Number(total);
  return [...(share > 0 ? [shorter] : []), ...(fits ? [ratio] : [])];
}

function isObjective(value: unknown): value is Objective {
  return typeof value === 'string' && Object.hasOwn(learningRateShares, value);
}

function targetFixes({ path, text, facts }: Broken): Wanted[] {
  const target = valueAt(text.document.value, path);
  const all: Wanted = {
    title: 'Take all linear layers',
    changes: [{ kind: 'set', path: 'lora.target_modules', value: 'all-linear' }],
  };
  if (typeof target !== 'string' || !facts.model) return [all];
  const names = [...new Set(facts.model.linearModules.map((name) => name.slice(name.lastIndexOf('.') + 1)))];
  // People leave out the end: `q` for q_proj.
  const longer = names.filter((name) => name.startsWith(`${target}_`));
  const near = longer.length > 0 ? longer : nearest(target, names, (name) => name);
  return [...near.map((name) => set(path, name, near.length === 1)), all];
}
