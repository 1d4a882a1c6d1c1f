// Which configs a dataset is trained under: those of the workspace whose data.train or data.validation names the file.
import { readFile, stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { glob } from 'tinyglobby';
import { configPattern, governing, unsearched, type Candidate, type Governs } from '../data/governing.ts';
import type { ServerContext } from './context.ts';
import { checkText, readConfigText } from './service/configText.ts';

/** A config that names a data file, and how it reads that file. */
export interface GoverningConfig extends Candidate, Governs {
  readonly uri: string;
  /** Its name for a person: the path within the workspace. */
  readonly shownAs: string;
}

export interface GoverningConfigs {
  /** Configs that name the file, in the order of `governing`. Unsaved edits count. */
  of(dataFile: string): Promise<readonly GoverningConfig[]>;
  /** Runs when a config of the workspace has changed, or files have come or gone. */
  onChange(listener: () => void): void;
}

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
    const candidates = await Promise.all(all.map((file) => candidateOf(context, file)));
    return governing(
      dataFile,
      candidates.filter((candidate) => candidate !== undefined),
    );
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
      .map((cwd) => glob(configPattern, { cwd, absolute: true, ignore: unsearched, onlyFiles: true }).catch(() => [])),
  );
  return lists.flat();
}

/** A config as it stands in the editor or on the disk, with faults taken out where that leaves a config. */
async function candidateOf(context: ServerContext, file: string) {
  const uri = pathToFileURL(file).href;
  const open = context.documents.all().find((each) => each.kind === 'config' && each.file === file);
  const text = open?.kind === 'config' ? open.parsed() : await textOf(file);
  if (text === undefined) return undefined;
  const { environment } = await context.settings.of(uri);
  const config = checkText(text, { ...process.env, ...environment }).usable;
  return config && { file, uri, shownAs: shownIn(context, file), config };
}

async function textOf(file: string) {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : readConfigText(text, file);
}

function shownIn(context: ServerContext, file: string): string {
  const inside = context
    .folders()
    .map((folder) => relative(folder, file))
    .find((path) => !path.startsWith('..'));
  return (inside ?? basename(file)).replaceAll('\\', '/');
}
