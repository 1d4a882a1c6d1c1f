// How the rows of a dataset become tokens under a config: tokenizer and template, opened once and without any download.
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { effectiveConfig } from '../../config/effective.ts';
import { encodingOf, encodingRequest } from '../../data/prepareDataset.ts';
import type { EncodeOptions } from '../../data/template/encodeRecord.ts';
import { openModel } from '../../models/openModel.ts';
import type { LoadedModel } from '../../models/types.ts';
import { problem } from '../../protocol/problem.ts';
import { modelFacts } from '../../trainer/facts.ts';
import type { GoverningConfig } from '../governingConfig.ts';

export interface Encoding {
  /** The same object for as long as rows become the same tokens. */
  readonly options: EncodeOptions;
  readonly summary: string;
}

export interface Encodings {
  /** @throws ProblemError when the model is not on this machine, or its template or the config cannot be used. */
  of(governing: GoverningConfig): Promise<Encoding>;
}

/** Tokenizers take tens of megabytes, so only those last used are kept. */
const keptModels = 3;
const modelFiles = ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'config.json'];

export function openEncodings(): Encodings {
  const models = new Map<string, { readonly stamp: string; readonly model: LoadedModel }>();
  const encodings = new Map<string, Encoding>();

  const modelOf = async (reference: string, baseDirectory: string): Promise<{ model: LoadedModel; stamp: string }> => {
    const key = JSON.stringify([reference, baseDirectory]);
    const known = models.get(key);
    const isSame = known && known.stamp === (await stampOf(known.model.path));
    models.delete(key);
    const model = isSame ? known.model : await openHere(reference, baseDirectory);
    const stamp = isSame ? known.stamp : await stampOf(model.path);
    models.set(key, { model, stamp });
    for (const old of [...models.keys()].slice(0, -keptModels)) models.delete(old);
    return { model, stamp };
  };

  return {
    async of({ config, file }) {
      const baseDirectory = dirname(file);
      const { model, stamp } = await modelOf(config.model, baseDirectory);
      const machine = { cores: 1, devices: [{ name: 'cpu', kind: 'cpu', usable: true, detail: '' }] } as const;
      const { data } = effectiveConfig({ ...config, device: 'cpu' }, { machine, model: modelFacts(model) }).config;
      const { template } = data;
      const request = encodingRequest(data, baseDirectory);
      const template_ = template.endsWith('.jinja') ? await stampOf(resolve(baseDirectory, template)) : '';
      const key = JSON.stringify([request, model.path, stamp, template_]);
      const known = encodings.get(key);
      if (known) return known;
      const options = await encodingOf(request, model);
      const encoding = { options, summary: summaryOf(options, template, config.model) };
      encodings.clear(); // of a config that is being edited every version would stay
      encodings.set(key, encoding);
      return encoding;
    },
  };
}

/** Never downloads and never converts: that is for a run, which says so and shows its progress. */
async function openHere(reference: string, baseDirectory: string): Promise<LoadedModel> {
  const unready = new AbortController();
  const message = `The model ${reference} is not ready on this machine yet. It will be after a check or a run of the config.`;
  try {
    return await openModel(reference, {
      baseDirectory,
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
      signal: unready.signal,
      onProgress: () => unready.abort(problem('lens/model-not-ready', message)),
    });
  } catch (error) {
    throw unready.signal.aborted ? problem('lens/model-not-ready', message) : error;
  }
}

async function stampOf(path: string): Promise<string> {
  const names = isAbsolute(path) ? [path, ...modelFiles.map((name) => join(path, name))] : [path];
  const times = await Promise.all(names.map(async (name) => (await stat(name).catch(() => undefined))?.mtimeMs ?? 0));
  return times.join(' ');
}

function summaryOf({ template, maxLength, trainOn }: EncodeOptions, setting: string, model: string): string {
  const name = model.split(/[\\/]/).findLast((part) => part !== '') ?? model;
  const layout = template === 'none' ? 'no template' : setting === 'chat' ? `${name} chat template` : setting;
  return `${layout} · max_length ${maxLength} · train_on ${trainOn}`;
}
