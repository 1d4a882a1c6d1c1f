// What a config names outside itself: files, folders and models, each with the place where its name is written.
import path from 'node:path';
import { placeOf } from '../../config/positions.ts';
import type { FinetuneConfig } from '../../config/schema.generated.ts';
import type { Place } from '../../protocol/problem.ts';
import type { ConfigText } from './configText.ts';

export interface NamedThing {
  /** `data.train[0].path`. */
  readonly path: string;
  readonly place: Place;
  /** As it is written, with variables replaced. */
  readonly name: string;
  readonly kind: 'data' | 'model' | 'adapter' | 'template' | 'code' | 'output';
}

/** The names of a config, as far as they are texts of its file. */
export function namedThings(text: ConfigText, config: FinetuneConfig): NamedThing[] {
  const { data, lora, reward } = config;
  const train: [string, unknown, NamedThing['kind']][] =
    typeof data.train === 'string'
      ? [['data.train', data.train, 'data']]
      : data.train.map((file, index) => [`data.train[${index}].path`, file.path, 'data']);
  const named: [string, unknown, NamedThing['kind']][] = [
    ['model', config.model, 'model'],
    ...train,
    ['data.validation', data.validation, 'data'],
    ['data.template', data.template, 'template'],
    ['lora.init_from', lora?.init_from, 'adapter'],
    ['reward.model', reward?.model, 'model'],
    ['reward.function', reward?.function?.replace(/:\w*$/, ''), 'code'],
    ['output', config.output, 'output'],
  ];
  return named.flatMap(([at, name, kind]) => {
    if (typeof name !== 'string' || !text.positions.entries.has(at)) return [];
    if (kind === 'template' && !/\.(?:jinja2?|j2)$/.test(name)) return [];
    return [{ path: at, place: placeOf(text.positions, at), name, kind }];
  });
}

/** The address of a model on the hub; undefined for files and folders. */
export function hubAddress(name: string): string | undefined {
  const [, id, revision] = /^([\w-][\w.-]*\/[\w.-]+)(?:@([\w./-]+))?$/.exec(name) ?? [];
  if (id === undefined || /\.gguf$/i.test(name)) return undefined;
  return `https://huggingface.co/${id}${revision === undefined ? '' : `/tree/${revision}`}`;
}

/** What describes a folder of each kind, the best first. */
const insideFolder: Readonly<Record<NamedThing['kind'], readonly string[]>> = {
  // A reward model may be an adapter.
  model: ['config.json', 'adapter_config.json'],
  adapter: ['adapter_config.json'],
  output: ['adapter_config.json', 'config.json'],
  data: [],
  template: [],
  code: [],
};

/** The file to open for a name: itself, or what describes a folder; undefined where neither is. */
export function fileToOpen(
  { name, kind }: NamedThing,
  baseDirectory: string,
  look: (file: string) => 'file' | 'folder' | undefined,
): string | undefined {
  const whole = path.resolve(baseDirectory, name);
  const found = look(whole);
  if (found !== 'folder') return found === undefined ? undefined : whole;
  return insideFolder[kind].map((part) => path.join(whole, part)).find((file) => look(file) === 'file');
}
