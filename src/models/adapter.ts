// LoRA adapters in the folder layout of PEFT: adapter_config.json and adapter_model.safetensors.
import { join } from 'node:path';
import { isObject } from '../protocol/guards.ts';
import { writeTextAtomically } from './files.ts';
import type { JsonObject } from './json.ts';
import * as peft from './peftFolder.ts';
import { brokenAdapter } from './peftFolder.ts';
import { writeSafetensors } from './safetensors.ts';
import type { TensorSpec } from './safetensors.ts';
import type { NamedTensor, WeightDtype, WeightEntry } from './types.ts';

/** PEFT wraps the model twice; our names begin where the model's own do. */
const outer = 'base_model.model.';

export interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly useRslora: boolean;
  /** DoRA: the length of each output's weights is trained, too. */
  readonly useDora?: boolean;
  /** Hub id or path of the base model, for those who load the adapter. */
  readonly baseModel: string;
  readonly revision?: string;
  /** Full names of the adapted layers, such as `model.layers.0.self_attn.q_proj`. */
  readonly modules: readonly string[];
  /** True for GPT-2, whose layers keep [in, out]. */
  readonly fanInFanOut?: boolean;
  /** True for a reward model: its new head, `score`, is trained whole and lies beside the adapter. */
  readonly scores?: boolean;
}

/**
 * Writes an adapter folder that PEFT loads. `tensors`: `<module>.lora_A.weight` [rank, in], `<module>.lora_B.weight`
 * [out, rank] and for DoRA `<module>.lora_magnitude_vector` [out], read one after another. The config comes last: a folder without it is no adapter.
 */
export async function writeAdapter(
  folder: string,
  settings: AdapterSettings,
  tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>,
  options: { readonly dtype?: WeightDtype; readonly specs?: readonly TensorSpec[] } = {},
): Promise<void> {
  const specs = options.specs?.map((spec) => ({ ...spec, name: outer + spec.name }));
  await writeSafetensors(join(folder, peft.adapterWeightsName), renamed(tensors), {
    metadata: { format: 'pt' },
    ...(options.dtype && { dtype: options.dtype }),
    ...(specs && { specs }),
  });
  await writeTextAtomically(join(folder, peft.adapterConfigName), adapterConfigText(settings));
}

async function* renamed(tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>): AsyncGenerator<NamedTensor> {
  for await (const tensor of tensors) yield { ...tensor, name: outer + tensor.name };
}

/** The text of adapter_config.json, for folders that hold more than an adapter, such as checkpoints. */
export function adapterConfigText(settings: AdapterSettings): string {
  return `${JSON.stringify(peftConfig(settings), null, 2)}\n`;
}

/** The keys that PEFT writes and that say something about plain LoRA; it fills in the rest itself. */
function peftConfig(settings: AdapterSettings): JsonObject {
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: settings.baseModel,
    bias: 'none',
    exclude_modules: null,
    fan_in_fan_out: settings.fanInFanOut ?? false,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: settings.alpha,
    lora_bias: false,
    lora_dropout: settings.dropout,
    modules_to_save: settings.scores === true ? ['score'] : null,
    peft_type: 'LORA',
    r: settings.rank,
    rank_pattern: {},
    revision: settings.revision ?? null,
    // Full names: the last parts alone (`q_proj`) could mean layers that carry no adapter.
    target_modules: [...settings.modules].sort(),
    target_parameters: null,
    task_type: settings.scores === true ? 'SEQ_CLS' : 'CAUSAL_LM',
    trainable_token_indices: null,
    use_dora: settings.useDora ?? false,
    use_rslora: settings.useRslora,
  };
}

export interface OpenedAdapter {
  readonly kind: 'lora';
  readonly settings: AdapterSettings;
  /** Under `<module>.lora_A.weight` and `<module>.lora_B.weight`; of DoRA also `<module>.lora_magnitude_vector`. */
  readonly weights: ReadonlyMap<string, WeightEntry>;
  /** The head of a reward model, [labels, hidden]; others have none. */
  readonly head?: WeightEntry;
}

/** Fields of PEFT that change what an adapter computes and that are not carried out here, with their harmless values. */
const unsupported: Readonly<Record<string, readonly unknown[]>> = {
  bias: ['none'],
  lora_bias: [false],
  layer_replication: [],
  modules_to_save: [],
  trainable_token_indices: [],
  target_parameters: [],
  alora_invocation_tokens: [],
  use_qalora: [false],
  use_bdlora: [false],
  megatron_config: [],
  arrow_config: [],
  kasa_config: [],
  monteclora_config: [],
  velora_config: [],
};

/** What PEFT computes of a reward model and the embedded engine does not, so that only the torch engine may be given it. */
const supportedForScores: Readonly<Record<string, (value: unknown) => boolean>> = {
  // PEFT itself lists both names that heads have in transformers, of which a model has one.
  modules_to_save: (value) => Array.isArray(value) && value.every((name) => name === 'score' || name === 'classifier'),
};

const headName = `${outer}score.weight`;

/** Whether a tensor is of the layer that PPO trains along: checkpoints have it beside the adapter, and no result does. */
export function isOfValueHead(name: string): boolean {
  return /^(?:base_model\.model\.)?v_head\./.test(name);
}

/**
 * Opens a PEFT LoRA folder, with `scores` that of a reward model: its head lies beside it. Throws `models/not-an-adapter`,
 * `models/unsupported-adapter`, `models/broken-adapter` and what `readSafetensors` throws.
 */
export async function readAdapter(
  folder: string,
  { scores = false }: { readonly scores?: boolean } = {},
): Promise<OpenedAdapter> {
  const { config, file } = await peft.readAdapterConfig(folder);
  refuseUnsupported(config, file, scores ? supportedForScores : {});
  const header = await peft.readAdapterWeights(folder);
  const stored = [...header.entries.values()];
  const head = scores ? stored.find(({ name }) => name === headName) : undefined;
  const useDora = config['use_dora'] === true;
  const own = stored.filter((entry) => entry !== head && !isOfValueHead(entry.name));
  const weights = new Map(own.map((entry) => renameEntry(entry, header.file, useDora)));
  const settings = readSettings(config, file, modulesOf(weights, header.file, useDora));
  checkShapes(weights, settings, header.file);
  return {
    kind: 'lora',
    settings,
    weights,
    ...(head ? { head: { ...head, name: 'score.weight' } } : {}),
  };
}

function refuseUnsupported(config: JsonObject, file: string, supported: typeof supportedForScores): void {
  const refuse = (what: string) => peft.unsupportedAdapter(file, `${what} cannot be used here.`);
  if (config['peft_type'] === peft.prefixType) {
    throw peft.unsupportedAdapter(file, 'This adapter is a prefix, and only a LoRA adapter can be used here.');
  }
  if (config['peft_type'] !== 'LORA') throw refuse(`An adapter of the kind ${JSON.stringify(config['peft_type'])}`);
  for (const [key, harmless] of Object.entries(unsupported)) {
    const value = config[key];
    const empty = Array.isArray(value) && value.length === 0;
    if (value !== undefined && value !== null && !empty && !harmless.includes(value) && !supported[key]?.(value)) {
      throw refuse(`An adapter with \`${key}: ${JSON.stringify(value)}\``);
    }
  }
  for (const key of ['rank_pattern', 'alpha_pattern']) {
    const value = config[key] ?? {};
    if (!isObject(value) || Object.keys(value).length > 0) {
      throw refuse(`An adapter whose layers differ in rank or alpha (\`${key}\`)`);
    }
  }
}

function readSettings(config: JsonObject, file: string, modules: readonly string[]): AdapterSettings {
  const { r: rank, lora_alpha: alpha, lora_dropout: dropout = 0, use_rslora: useRslora = false } = config;
  const { use_dora: useDora = false, fan_in_fan_out: fanInFanOut } = config;
  if (typeof rank !== 'number' || !Number.isInteger(rank) || rank < 1)
    throw brokenAdapter(file, '`r` is no whole number above 0');
  if (typeof alpha !== 'number' || !(alpha > 0)) throw brokenAdapter(file, '`lora_alpha` is no number above 0');
  if (typeof dropout !== 'number' || !(dropout >= 0 && dropout < 1))
    throw brokenAdapter(file, '`lora_dropout` is not in [0, 1)');
  if (typeof useRslora !== 'boolean') throw brokenAdapter(file, '`use_rslora` is neither true nor false');
  if (typeof useDora !== 'boolean') throw brokenAdapter(file, '`use_dora` is neither true nor false');
  return {
    ...{ rank, alpha, dropout, useRslora, modules },
    ...peft.baseOfAdapter(config),
    ...(fanInFanOut === true ? { fanInFanOut } : {}),
    ...(useDora ? { useDora } : {}),
  };
}

function renameEntry(entry: WeightEntry, file: string, useDora: boolean): [string, WeightEntry] {
  const length = useDora ? /^base_model\.model\.(.+\.lora_magnitude_vector)(?:\.weight)?$/.exec(entry.name) : null;
  if (length) return [length[1]!, { ...entry, name: length[1]! }];
  // Older PEFT versions put the adapter's name, `default`, before `.weight`.
  const parsed = /^base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight$/.exec(entry.name);
  if (!parsed) throw brokenAdapter(file, `tensor \`${entry.name}\` is no part of a LoRA adapter of linear layers`);
  const name = `${parsed[1]!}.lora_${parsed[2]!}.weight`;
  return [name, { ...entry, name }];
}

function modulesOf(weights: ReadonlyMap<string, WeightEntry>, file: string, useDora: boolean): string[] {
  const modules = [
    ...new Set([...weights.keys()].map((name) => name.replace(/\.lora_([AB]\.weight|magnitude_vector)$/, ''))),
  ].sort();
  if (modules.length === 0) throw brokenAdapter(file, 'it holds no tensors');
  for (const module of modules) {
    for (const part of ['A.weight', 'B.weight', ...(useDora ? ['magnitude_vector'] : [])]) {
      if (!weights.has(`${module}.lora_${part}`)) throw brokenAdapter(file, `\`${module}.lora_${part}\` is missing`);
    }
  }
  return modules;
}

function checkShapes(
  weights: ReadonlyMap<string, WeightEntry>,
  { rank, modules }: AdapterSettings,
  file: string,
): void {
  for (const module of modules) {
    const a = weights.get(`${module}.lora_A.weight`)?.shape ?? [];
    const b = weights.get(`${module}.lora_B.weight`)?.shape ?? [];
    if (a.length !== 2 || b.length !== 2 || a[0] !== rank || b[1] !== rank) {
      throw brokenAdapter(
        file,
        `the matrices of \`${module}\` ([${a.join(', ')}] and [${b.join(', ')}]) do not have the rank ${rank}`,
      );
    }
    const lengths = weights.get(`${module}.lora_magnitude_vector`)?.shape;
    if (lengths && lengths.join() !== String(b[0])) {
      throw brokenAdapter(file, `the lengths of \`${module}\` ([${lengths.join(', ')}]) are not one for each output`);
    }
  }
}
