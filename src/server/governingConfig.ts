// Which configs a dataset is trained under: those of the workspace whose data.train or data.validation names the file.
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { glob } from 'tinyglobby';
import type { FinetuneConfig } from '../config/schema.generated.ts';
import { defaults } from '../config/schema.generated.ts';
import type { Columns, Format } from '../data/formats/format.ts';
import { resolveSources, type SourceSpec } from '../data/sources.ts';
import { ProblemError } from '../protocol/problem.ts';
import type { ServerContext } from './context.ts';
import { checkText, readConfigText } from './service/configText.ts';

/** A config that names a data file, and how it reads that file. */
export interface GoverningConfig {
  /** Absolute path. */
  readonly file: string;
  readonly uri: string;
  /** Its name for a person: the path within the workspace. */
  readonly shownAs: string;
  /** With faults taken out where that leaves a config. */
  readonly config: FinetuneConfig;
  readonly part: 'train' | 'validation';
  readonly format: Format | 'auto';
  readonly columns: Columns;
}

export interface GoverningConfigs {
  /** Configs that name the file: those of the nearest folder first, then by path. Unsaved edits count. */
  of(dataFile: string): Promise<readonly GoverningConfig[]>;
  /** Runs when a config of the workspace has changed, or files have come or gone. */
  onChange(listener: () => void): void;
}

const ignored = ['**/node_modules/**', '**/.finetune/**', '**/.git/**'];
const opened = new WeakMap<ServerContext, GoverningConfigs>();

/** One for each server, shared by every feature that asks. */
export function governingConfigs(context: ServerContext): GoverningConfigs {
  const known = opened.get(context) ?? create(context);
  opened.set(context, known);
  return known;
}

function create(context: ServerContext): GoverningConfigs {
  const listeners: (() => void)[] = [];
  const found = new Map<string, { readonly stamp: string; readonly configs: Promise<readonly GoverningConfig[]> }>();
  let files: Promise<readonly string[]> | undefined;
  const changed = (): void => {
    found.clear();
    for (const listener of listeners) listener();
  };
  context.onNews(() => {
    files = undefined;
    changed();
  });
  context.settings.onChange(changed);
  context.documents.onChange(({ document, isOpening }) => {
    if (document.kind !== 'config') return;
    if (isOpening) files = undefined; // opened, perhaps a new one
    changed();
  });

  const listed = async (): Promise<readonly string[]> => {
    files ??= configFiles(context);
    const open = context.documents.all().flatMap((each) => (each.kind === 'config' && each.file ? [each.file] : []));
    return [...new Set([...(await files), ...open])];
  };
  const look = async (all: readonly string[], dataFile: string): Promise<readonly GoverningConfig[]> => {
    const real = await realpath(dataFile).catch(() => dataFile);
    const configs = await Promise.all(all.map((file) => governing(context, file, real)));
    return configs.filter((config) => config !== undefined).sort((a, b) => nearer(dataFile, a.file, b.file));
  };
  return {
    async of(dataFile) {
      const all = await listed();
      // Editors may not watch files, or be late: the times of the files count.
      const stamp = (await Promise.all(all.map(timeOf))).join(' ');
      const known = found.get(dataFile);
      if (known?.stamp === stamp) return known.configs;
      const configs = look(all, dataFile);
      found.set(dataFile, { stamp, configs });
      return configs;
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

async function timeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}

async function configFiles(context: ServerContext): Promise<readonly string[]> {
  const lists = await Promise.all(
    context
      .folders()
      .map((cwd) =>
        glob('**/*.finetune.{yaml,yml,json}', { cwd, absolute: true, ignore: ignored, onlyFiles: true }).catch(
          () => [],
        ),
      ),
  );
  return lists.flat();
}

async function governing(context: ServerContext, file: string, dataFile: string): Promise<GoverningConfig | undefined> {
  const uri = pathToFileURL(file).href;
  const open = context.documents.all().find((each) => each.kind === 'config' && each.file === file);
  const text = open?.kind === 'config' ? open.parsed() : await textOf(file);
  if (text === undefined) return undefined;
  const { environment } = await context.settings.of(uri);
  const config = checkText(text, { ...process.env, ...environment }).usable;
  if (!config) return undefined;
  const { data } = config;
  const all = { format: data.format ?? defaults.data.format, columns: { ...data.columns } };
  const train: SourceSpec[] =
    typeof data.train === 'string'
      ? [{ path: data.train }]
      : data.train.map(({ columns, ...rest }) => ({ ...rest, ...(columns ? { columns: { ...columns } } : {}) }));
  const validation = typeof data.validation === 'string' ? [{ path: data.validation }] : [];
  for (const [part, specs] of [
    ['train', train],
    ['validation', validation],
  ] as const) {
    const source = await sourceOf(specs, dirname(file), all, dataFile);
    if (source) return { file, uri, shownAs: shownIn(context, file), config, part, ...source };
  }
  return undefined;
}

async function textOf(file: string) {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : readConfigText(text, file);
}

async function sourceOf(
  specs: readonly SourceSpec[],
  folder: string,
  all: { readonly format: Format | 'auto'; readonly columns: Columns },
  dataFile: string,
): Promise<{ format: Format | 'auto'; columns: Columns } | undefined> {
  for (const spec of specs) {
    try {
      for (const { file, format, columns } of await resolveSources([spec], folder, all)) {
        if (file === dataFile || (await realpath(file).catch(() => file)) === dataFile) return { format, columns };
      }
    } catch (error) {
      // The config names files that are not there; its own diagnostics say so.
      if (!(error instanceof ProblemError)) throw error;
    }
  }
  return undefined;
}

function shownIn(context: ServerContext, file: string): string {
  const inside = context
    .folders()
    .map((folder) => relative(folder, file))
    .find((path) => !path.startsWith('..'));
  return (inside ?? basename(file)).replaceAll('\\', '/');
}

function nearer(dataFile: string, a: string, b: string): number {
  const distance = (file: string): number => relative(dirname(file), dataFile).split(/[\\/]/).length;
  return distance(a) - distance(b) || (a < b ? -1 : 1);
}
