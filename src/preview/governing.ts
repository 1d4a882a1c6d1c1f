// The config that governs a data file: found among those of the workspace, and opened as the trainer opens it, offline.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { effectiveConfig } from '../config/effective.ts';
import type { EffectiveConfig } from '../config/effectiveTypes.ts';
import type { MachineFacts } from '../config/facts.ts';
import { parseConfig, type ParsedConfig } from '../config/parse.ts';
import { resolveSources } from '../data/sources.ts';
import type { EncodeOptions } from '../data/template/encodeRecord.ts';
import { problem, ProblemError } from '../protocol/problem.ts';
import type { PreviewConfig } from '../protocol/previewViews.ts';
import type { Reading } from './readRow.ts';

export interface Governing {
  readonly shown: PreviewConfig;
  readonly reading: Reading;
  readonly options: EncodeOptions;
}

/** Nothing about data depends on the machine. */
const anyMachine: MachineFacts = { cores: 1, devices: [{ name: 'cpu', kind: 'cpu', usable: true }] };

/** Configs that name a data file as training or validation data, in the order given. Broken configs name nothing. */
export async function configsNaming(dataset: string, configs: readonly string[]): Promise<string[]> {
  const naming: string[] = [];
  for (const file of configs) {
    const sources = await sourcesOf(file).catch(() => []);
    if (sources.some((source) => source.file === path.resolve(dataset))) naming.push(file);
  }
  return naming;
}

async function parsed(file: string): Promise<ParsedConfig> {
  return parseConfig(await readFile(file, 'utf8'), file, { environment: process.env });
}

async function sourcesOf(file: string) {
  const { config, positions } = await parsed(file);
  if (!config) return [];
  return dataSources(effectiveConfig(config, { machine: anyMachine }, positions).config.data, path.dirname(file));
}

/** Files of a data block; a file that is not there does not hide the others. */
async function dataSources(data: EffectiveConfig['data'], baseDirectory: string) {
  const defaults = { format: data.format, columns: { ...data.columns } };
  const specs = data.train.map((each) => ({ ...each, columns: { ...each.columns } }));
  const held = typeof data.validation === 'string' ? [{ path: data.validation }] : [];
  const found = await Promise.all(
    [...specs, ...held].map((spec) => resolveSources([spec], baseDirectory, defaults).catch(() => [])),
  );
  return found.flat();
}

/**
 * Opens tokenizer and template of a config's model, from this machine alone: a preview downloads nothing.
 * Throws a ProblemError for a config or model that cannot be used.
 */
export async function openGoverning(file: string, name: string, dataset: string): Promise<Governing> {
  const { config: written, problems, positions } = await parsed(file);
  if (!written) throw new ProblemError(problems);
  const baseDirectory = path.dirname(file);
  // Models and their engine are large: only a preview that shows tokens pays for them.
  const [{ openModel }, { architectureOf }, { resolveTemplate }] = await Promise.all([
    import('../models/openModel.ts'),
    import('../engine/architectures/registry.ts'),
    import('../data/template/templates.ts'),
  ]);
  const model = await openModel(written.model, { baseDirectory, env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  const { contextLength, linearModules } = architectureOf(model.config);
  const facts = {
    machine: anyMachine,
    model: { contextLength, linearModules: linearModules.map((each) => each.name), parameters: 0 },
  };
  const { data } = effectiveConfig(written, facts, positions).config;
  const source = (await dataSources(data, baseDirectory)).find((each) => each.file === path.resolve(dataset));
  const template = await resolveTemplate(data.template, {
    tokenizer: model.tokenizer,
    modelTemplate: model.chatTemplate,
    modelName: model.reference,
    baseDirectory,
  });
  const options: EncodeOptions = {
    tokenizer: model.tokenizer,
    template,
    trainOn: data.train_on,
    maxLength: data.max_length,
    overflow: data.overflow,
    ...(data.system === undefined ? {} : { system: data.system }),
  };
  if (!Number.isSafeInteger(options.maxLength) || options.maxLength < 1)
    throw problem('config/wrong-type', 'data.max_length should be a number of tokens.', { file });
  return {
    shown: {
      name,
      model: written.model,
      maxLength: data.max_length,
      template: data.template,
      trainOn: data.train_on,
      overflow: data.overflow,
    },
    reading: source
      ? { format: source.format, columns: source.columns }
      : { format: data.format, columns: { ...data.columns } },
    options,
  };
}
