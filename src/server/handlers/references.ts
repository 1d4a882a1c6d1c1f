// Ways between configs, datasets and runs: links, definitions, references.
import { statSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DocumentLink, Location } from 'vscode-languageserver/node';
import { resolveSources } from '../../data/sources.ts';
import type { ServerContext } from '../context.ts';
import type { OpenConfig } from '../documents.ts';
import { governingConfigs } from '../governingConfig.ts';
import { runsOfConfig } from '../runsOfConfig.ts';
import { checkText, readConfigText, type ConfigText } from '../service/configText.ts';
import { fieldAt } from '../service/outline.ts';
import { fileToOpen, hubAddress, namedThings, type NamedThing } from '../service/references.ts';
import { rangeOf } from './diagnostics.ts';
import type { Feature } from './feature.ts';

export const referencesFeature: Feature = {
  capabilities: { documentLinkProvider: {}, definitionProvider: true, referencesProvider: true },
  register(connection, context) {
    connection.onDocumentLinks(async ({ textDocument }): Promise<DocumentLink[]> => {
      const config = context.documents.config(textDocument.uri);
      return config ? linksOf(config, context) : [];
    });
    connection.onDefinition(async ({ textDocument, position }): Promise<Location[]> => {
      const config = context.documents.config(textDocument.uri);
      if (!config) return namingDataset(textDocument.uri, context);
      const thing = await thingAt(config, position.line + 1, position.character + 1, context);
      if (config.file === undefined || !thing) return [];
      return (await filesOf(thing, path.dirname(config.file))).map(locationOf);
    });
    connection.onReferences(async ({ textDocument, position }): Promise<Location[]> => {
      const config = context.documents.config(textDocument.uri);
      if (!config) return namingDataset(textDocument.uri, context);
      if (config.file === undefined) return [];
      const thing = await thingAt(config, position.line + 1, position.character + 1, context);
      const files = thing?.kind === 'data' ? await filesOf(thing, path.dirname(config.file)) : [];
      if (files.length > 0) return (await Promise.all(files.map((file) => usersOf(file, context)))).flat();
      const runs = await runsOfConfig(config.file, context.folders());
      return runs.map((run) => locationOf(run.config));
    });
  },
};

async function linksOf(config: OpenConfig, context: ServerContext): Promise<DocumentLink[]> {
  const { file } = config;
  const text = config.parsed();
  const links = (await thingsOf(text, config.uri, context)).flatMap((thing): DocumentLink[] => {
    const local = file === undefined ? undefined : fileToOpen(thing, path.dirname(file), look);
    const hub = thing.kind === 'model' ? hubAddress(thing.name) : undefined;
    const target = local === undefined ? hub : pathToFileURL(local).href;
    return target === undefined ? [] : [{ range: rangeOf(thing.place), target }];
  });
  const version = text.positions.entries.get('version')?.key;
  const reference = context.docs.link('config', 'version');
  return version ? [{ range: rangeOf(version), target: reference }, ...links] : links;
}

async function thingAt(
  config: OpenConfig,
  line: number,
  column: number,
  context: ServerContext,
): Promise<NamedThing | undefined> {
  const field = fieldAt(config.parsed(), line, column);
  return (await thingsOf(config.parsed(), config.uri, context)).find(({ path: at }) => at === field);
}

async function thingsOf(text: ConfigText, uri: string, context: ServerContext): Promise<NamedThing[]> {
  const { environment } = await context.settings.of(uri);
  const { usable } = checkText(text, environment);
  return usable ? namedThings(text, usable) : [];
}

function look(file: string): 'file' | 'folder' | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}

/** Files behind a name; those of a glob in their order. */
async function filesOf(thing: NamedThing, baseDirectory: string): Promise<string[]> {
  if (thing.kind !== 'data') {
    const file = fileToOpen(thing, baseDirectory, look);
    return file === undefined ? [] : [file];
  }
  const asItIs = { format: 'auto', columns: {} } as const;
  const sources = await resolveSources(thing.name, baseDirectory, asItIs).catch(() => []);
  return sources.map(({ file }) => file);
}

async function namingDataset(uri: string, context: ServerContext): Promise<Location[]> {
  const file = context.documents.dataset(uri)?.file;
  return file === undefined ? [] : usersOf(file, context);
}

/** Where configs of the workspace name a data file: in open documents as they are, in others as they were saved. */
async function usersOf(dataFile: string, context: ServerContext): Promise<Location[]> {
  const real = await realOf(dataFile);
  const configs = await governingConfigs(context).of(dataFile);
  const found = await Promise.all(
    configs.map(async ({ file, uri }) => {
      const open = context.documents.all().find((document) => document.kind === 'config' && document.file === file);
      const text = open?.document.getText() ?? (await readFile(file, 'utf8').catch(() => ''));
      const things = await thingsOf(readConfigText(text, file), uri, context);
      const naming = await Promise.all(
        things.map(async (thing) => {
          if (thing.kind !== 'data') return false;
          const files = await Promise.all((await filesOf(thing, path.dirname(file))).map(realOf));
          return files.includes(real);
        }),
      );
      const places = things.filter((_, index) => naming[index] === true);
      return places.map(({ place }): Location => ({ uri: open?.uri ?? uri, range: rangeOf(place) }));
    }),
  );
  return found.flat();
}

async function realOf(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}

function locationOf(file: string): Location {
  const top = { line: 0, character: 0 };
  return { uri: pathToFileURL(file).href, range: { start: top, end: top } };
}
