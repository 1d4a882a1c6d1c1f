// The config that governs a data file: found among those of the workspace, and opened as the trainer opens it, offline.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { effectiveConfig } from '../config/effective.ts';
import type { MachineFacts } from '../config/facts.ts';
import { parseConfig, type ParsedConfig } from '../config/parse.ts';
import { governing, type Candidate } from '../data/governing.ts';
import type { LintSettings } from '../lint/settings.ts';
import type { EncodeOptions } from '../data/template/encodeRecord.ts';
import { problem, ProblemError } from '../protocol/problem.ts';
import type { PreviewConfig } from '../protocol/previewViews.ts';
import type { Reading } from './readRow.ts';

export interface Governing {
  readonly shown: PreviewConfig;
  readonly reading: Reading;
  readonly options: EncodeOptions;
  /** How loud the config wants findings. */
  readonly severities: LintSettings['severities'];
}

/** Nothing about data depends on the machine. */
const anyMachine: MachineFacts = { cores: 1, devices: [{ name: 'cpu', kind: 'cpu', usable: true }] };

/** Configs that name a data file, the one that governs it first. Broken configs name nothing. */
export async function configsNaming(dataset: string, configs: readonly string[]): Promise<string[]> {
  const found = await governing(path.resolve(dataset), await candidates(configs));
  return found.map(({ file }) => file);
}

async function candidates(files: readonly string[]): Promise<Candidate[]> {
  const read = await Promise.all(
    files.map(async (file) => {
      const config = await parsed(file).then(
        (result) => result.config,
        () => undefined,
      );
      return config && { file, config };
    }),
  );
  return read.filter((each) => each !== undefined);
}

async function parsed(file: string): Promise<ParsedConfig> {
  return parseConfig(await readFile(file, 'utf8'), file, { environment: process.env });
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
  const [{ openModel }, { architectureOf }, { encodingOf, encodingRequest }] = await Promise.all([
    import('../models/openModel.ts'),
    import('../engine/architectures/registry.ts'),
    import('../data/prepareDataset.ts'),
  ]);
  const model = await openModel(written.model, { baseDirectory, env: { ...process.env, HF_HUB_OFFLINE: '1' } });
  const { contextLength, linearModules } = architectureOf(model.config);
  const facts = {
    machine: anyMachine,
    model: { contextLength, linearModules: linearModules.map((each) => each.name), parameters: 0 },
  };
  const { data } = effectiveConfig(written, facts, positions).config;
  const [source] = await governing(path.resolve(dataset), [{ file, config: written }]);
  const options = await encodingOf(encodingRequest(data, baseDirectory), model);
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
    severities: { ...data.lint },
  };
}
