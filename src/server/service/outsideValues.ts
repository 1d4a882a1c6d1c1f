// Values that come from around the config: files, models, layers of the model, columns of the data.
import type { PathPart } from '../../config/path.ts';

export interface OutsideEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export interface Outside {
  /** Method of the config, as far as it is written. */
  readonly method?: string | undefined;
  /** Names in a folder, as written in the config. */
  readonly folder: (path: string) => readonly OutsideEntry[];
  /** Hub ids of models on this machine. */
  readonly models: readonly string[];
  /** Last parts of the names of the model's linear layers. */
  readonly modules: readonly string[];
  /** Names in the data file's first rows. */
  readonly columns: readonly string[];
}

export interface OutsideValue {
  readonly value: string;
  readonly kind: 'value' | 'file' | 'folder' | 'model' | 'module' | 'column';
  readonly detail: string;
  readonly opensNext: boolean;
}

const dataFile = /\.(jsonl|ndjson|json|parquet)(\.gz)?$/i;

/** What a field takes from outside, found by its path; `typed` is what stands there already. */
export function outsideValues(path: readonly PathPart[], typed: string, outside: Outside): OutsideValue[] {
  const names = path.filter((part) => typeof part === 'string').join('.');
  switch (names) {
    case 'model':
    case 'reward.model':
      return [
        ...outside.models.map((value) => ({ ...plain(value, 'model'), detail: 'on this machine' })),
        ...pathsBelow(typed, outside, (name) => /\.gguf$/i.test(name), './'),
      ];
    case 'data.train':
    case 'data.train.path':
    case 'data.validation':
      return pathsBelow(typed, outside, (name) => dataFile.test(name) && !/\.finetune\.json$/i.test(name));
    case 'data.template':
      return pathsBelow(typed, outside, (name) => /\.(jinja2?|j2)$/i.test(name));
    case 'lora.init_from':
    case 'output':
      return pathsBelow(typed, outside, () => false);
    case 'reward.function':
      // The name of the function comes behind the colon.
      return pathsBelow(typed, outside, (name) => name.endsWith('.py')).map((found) =>
        found.kind === 'file' ? { ...found, value: `${found.value}:` } : found,
      );
    case 'lora.target_modules':
      return typeof path.at(-1) === 'number' ? outside.modules.map((value) => plain(value, 'module')) : [];
    default:
      return /^data\.(train\.)?columns\.\w+$/.test(names) ? outside.columns.map((value) => plain(value, 'column')) : [];
  }
}

function plain(value: string, kind: 'model' | 'module' | 'column'): OutsideValue {
  const details = { model: 'on this machine', module: 'a layer of this model', column: 'a column of the data' };
  return { value, kind, detail: details[kind], opensNext: false };
}

/** Files and folders in the folder that is being typed. A model's path begins with `./`, or it would be a hub id. */
function pathsBelow(typed: string, outside: Outside, accepts: (name: string) => boolean, lead = ''): OutsideValue[] {
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  if (lead !== '' && folder === '' && typed !== '' && !typed.startsWith('.')) return [];
  const prefix = folder === '' ? lead : folder;
  return outside
    .folder(folder === '' ? '.' : folder)
    .filter(({ name, isFolder }) => (isFolder ? !/^\.|^node_modules$/.test(name) : accepts(name)))
    .map(({ name, isFolder }) => ({
      value: prefix + name + (isFolder ? '/' : ''),
      kind: isFolder ? 'folder' : 'file',
      detail: isFolder ? 'folder' : 'file',
      opensNext: isFolder,
    }));
}
