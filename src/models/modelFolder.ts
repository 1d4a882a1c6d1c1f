// A model folder in the Hugging Face layout → LoadedModel: config, tokenizer, template, and where the weights lie.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { problem, sayingWhere } from '../protocol/problem.ts';
import { readTextIfPresent } from './files.ts';
import { parseJsonObject } from './json.ts';
import type { JsonObject } from './json.ts';
import { readFolderWeights } from './shards.ts';
import type { FolderWeights } from './shards.ts';
import { loadTokenizer } from './tokenizer.ts';
import type { LoadedModel, Tokenizer, WeightEntry } from './types.ts';
import { isObject } from '../protocol/guards.ts';

/** Files that make the tokenizer and its template, in the order in which they are hashed. */
const tokenizerFileNames = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
];

/** Masks and frequency tables that old files store beside the weights; they follow from the config. */
const buffers = /(^|\.)(attn\.bias|attn\.masked_bias|rotary_emb\.inv_freq)$/;

/** How the model is called to a person, and the path that stands for it (a GGUF file's own, not its cache folder's). */
export interface ModelNames {
  readonly reference: string;
  readonly path: string;
}

/** Opens a folder that exists. Throws as `openModel` does. */
export async function openFolder(folder: string, names: ModelNames): Promise<LoadedModel> {
  const configFile = join(folder, 'config.json');
  const configText = await readTextIfPresent(configFile);
  if (configText === undefined) throw await notAModel(folder);
  const config = parseJsonObject(configText, configFile);
  refuseQuantised(config, configFile);
  const stored = await readFolderWeights(folder);
  const generationFile = join(folder, 'generation_config.json');
  const generationText = await readTextIfPresent(generationFile);
  const tokenizerFiles = await readTokenizerFiles(folder);
  const chatTemplate = templateOf(folder, tokenizerFiles);
  return {
    ...names,
    config,
    generationConfig: generationText === undefined ? {} : parseJsonObject(generationText, generationFile),
    weights: usableWeights(stored, config, folder),
    tokenizer: await openTokenizer(folder, tokenizerFiles),
    chatTemplate,
    tokenizerFiles,
    hashes: {
      config: sha256(configText),
      tokenizer: sha256(tokenizerFileNames.slice(0, 3).map((name) => `${name}\n${tokenizerFiles.get(name) ?? ''}\n`)),
      template: sha256(chatTemplate ?? ''),
      weights: stored.hash,
    },
  };
}

async function notAModel(folder: string): Promise<Error> {
  const names = await readdir(folder);
  const place = { file: folder };
  const gguf = names.find((name) => name.endsWith('.gguf'));
  if (gguf) return problem('models/not-a-model', `Name the GGUF file itself: ${join(folder, gguf)}.`, place);
  if (names.includes('adapter_config.json')) {
    const message = 'This folder holds an adapter, not a whole model. Name the base model it was trained on.';
    return problem('models/not-a-model', message, place);
  }
  return problem('models/not-a-model', 'This folder holds no model: it has no config.json.', place);
}

/** Weights packed by GPTQ, AWQ, bitsandbytes or FP8 are not the numbers that the names promise. */
function refuseQuantised(config: JsonObject, file: string): void {
  const quantisation = config['quantization_config'];
  if (!isObject(quantisation)) return;
  const method = JSON.stringify(quantisation['quant_method'] ?? 'unknown method');
  throw problem(
    'models/quantised-weights',
    `The weights are quantised (${method}), which cannot be trained. Choose the original model in 16 or 32 bit.`,
    { file },
  );
}

function usableWeights(stored: FolderWeights, config: JsonObject, folder: string): ReadonlyMap<string, WeightEntry> {
  const other = stored.others.find(({ name }) => !buffers.test(name));
  if (other) {
    const message = `Tensor \`${other.name}\` is stored as ${other.dtype}; only F32, F16 and BF16 weights can be read.`;
    throw problem('models/unsupported-dtype', message, { file: folder });
  }
  const weights = [...stored.weights].filter(([name]) => !buffers.test(name));
  // GPT-2's files on the hub were saved without the outer module's name.
  const bare = config['model_type'] === 'gpt2' && weights.some(([name]) => name === 'wte.weight');
  if (!bare) return new Map(weights);
  return new Map(
    weights.map(([name, entry]) => {
      const full = name.startsWith('lm_head.') ? name : `transformer.${name}`;
      return [full, { ...entry, name: full }];
    }),
  );
}

async function readTokenizerFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of tokenizerFileNames) {
    const text = await readTextIfPresent(join(folder, name));
    if (text !== undefined) files.set(name, text);
  }
  return files;
}

async function openTokenizer(folder: string, files: ReadonlyMap<string, string>): Promise<Tokenizer> {
  if (!files.has('tokenizer.json')) throw await noTokenizer(folder);
  return tokenizerOf(files, folder);
}

/** The tokenizer that files describe (name → content), tokenizer.json among them. Throws as `openModel` does. */
export function tokenizerOf(files: ReadonlyMap<string, string>, folder = ''): Tokenizer {
  const parse = (name: string) => parseJsonObject(files.get(name) ?? '{}', join(folder, name));
  const tokenizer = parse('tokenizer.json');
  const settings = { ...parse('special_tokens_map.json'), ...parse('tokenizer_config.json') };
  return sayingWhere({ file: join(folder, 'tokenizer.json') }, () => loadTokenizer(tokenizer, settings));
}

async function noTokenizer(folder: string): Promise<Error> {
  const names = await readdir(folder);
  const older = names.find((name) => name === 'tokenizer.model' || name === 'vocab.json');
  if (older === undefined) {
    return problem(
      'models/no-tokenizer',
      'The folder has no tokenizer.json. Copy it from the model that these weights are of.',
      { file: folder },
    );
  }
  return problem(
    'models/no-tokenizer',
    `The tokenizer is there only as ${older}; tokenizer.json is needed. Make it once in Python: ` +
      '`AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`.',
    { file: folder },
  );
}

/** chat_template.jinja, else chat_template.json, else the field of tokenizer_config.json (a text or named texts). */
function templateOf(folder: string, files: ReadonlyMap<string, string>): string | undefined {
  const alone = files.get('chat_template.jinja');
  if (alone !== undefined) return alone;
  for (const name of ['chat_template.json', 'tokenizer_config.json']) {
    const text = files.get(name);
    const field = text === undefined ? undefined : parseJsonObject(text, join(folder, name))['chat_template'];
    if (typeof field === 'string') return field;
    if (Array.isArray(field)) return namedDefault(field);
  }
  return undefined;
}

function namedDefault(templates: readonly unknown[]): string | undefined {
  const found = templates.find((item) => isObject(item) && item['name'] === 'default');
  const text = isObject(found) ? found['template'] : undefined;
  return typeof text === 'string' ? text : undefined;
}

function sha256(text: string | readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of typeof text === 'string' ? [text] : text) hash.update(part);
  return hash.digest('hex');
}
