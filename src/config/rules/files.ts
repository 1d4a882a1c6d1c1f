// Rules about files that must be there.

import type { ConfigFacts } from '../facts.ts';
import { trainsLora } from '../method.ts';
import type { FinetuneConfig } from '../schema.generated.ts';
import { nearest } from '../suggest.ts';
import { trainFiles, type ConfigRule, type Finding } from './rule.ts';

const fileNotFound: ConfigRule = {
  code: 'config/file-not-found',
  severity: 'error',
  summary: 'A file or folder that the config names is not there. Paths are relative to the folder of the config.',
  check: (config, facts) => {
    const { fileExists } = facts;
    if (!fileExists) return [];
    return namedPaths(config)
      .filter(({ file }) => !isGlob(file) && !fileExists(file))
      .map(({ file, path }) => notFound(file, path, facts));
  },
};

const noFilesMatch: ConfigRule = {
  code: 'config/no-files-match',
  severity: 'error',
  summary: 'A glob of `data.train` or `data.validation` matches no file.',
  check: (config, facts) => {
    const { countMatches } = facts;
    if (!countMatches) return [];
    return namedPaths(config)
      .filter(({ file }) => isGlob(file) && !(facts.fileExists?.(file) ?? false) && countMatches(file) === 0)
      .map(({ file, path }) => ({
        path,
        message: `No file matches ${file}. Paths are relative to the folder of this config; \`**\` goes through subfolders.`,
      }));
  },
};

const outputNotWritable: ConfigRule = {
  code: 'config/output-not-writable',
  severity: 'error',
  summary: '`output` is no folder that can be written: a file is in the way, or this user has no right to write there.',
  check: ({ output }, { cannotWrite }) => {
    const obstacle = output === undefined ? undefined : cannotWrite?.(output);
    if (output === undefined || !obstacle) return [];
    const { path, reason } = obstacle;
    const why = reason === 'file' ? `${path} is a file` : `this user may not write in ${path}`;
    return [
      { path: 'output', message: `The result cannot be copied to ${output}, since ${why}. Name another folder.` },
    ];
  },
};

/** Whether a model is a path rather than a hub id: by its beginning, or the ending .gguf. */
export function isModelPath(model: string): boolean {
  return /^(\.{1,2}([/\\]|$)|[/\\~]|[A-Za-z]:[/\\])/.test(model) || /\.gguf$/i.test(model);
}

/** Whether a data path is a pattern. */
export function isGlob(path: string): boolean {
  return /[*?{}[\]]/.test(path);
}

function namedPaths(config: FinetuneConfig): { file: string; path: string }[] {
  const { validation, template } = config.data;
  const init = config.lora?.init_from;
  const { function: own, model: judge } = config.reward ?? {};
  const rewards = own?.replace(/:\w*$/, '');
  return [
    ...(isModelPath(config.model) ? [{ file: config.model, path: 'model' }] : []),
    ...trainFiles(config),
    ...(typeof validation === 'string' ? [{ file: validation, path: 'data.validation' }] : []),
    ...(template !== undefined && !['chat', 'alpaca', 'none'].includes(template)
      ? [{ file: template, path: 'data.template' }]
      : []),
    ...(rewards !== undefined ? [{ file: rewards, path: 'reward.function' }] : []),
    ...(judge !== undefined && isModelPath(judge) ? [{ file: judge, path: 'reward.model' }] : []),
    ...(init !== undefined && trainsLora(config) ? [{ file: init, path: 'lora.init_from' }] : []),
  ];
}

function notFound(file: string, path: string, facts: ConfigFacts): Finding {
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(file)?.[1];
  if (percent !== undefined) return { path, message: `Write a share as a number: ${Number(percent) / 100}.` };
  const near = nearPaths(file, facts);
  const hint =
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Paths are relative to the folder of this config.';
  return { path, message: `${file} is not there. ${hint}` };
}

/** Up to three paths that are there and are spelled almost like this one. */
export function nearPaths(file: string, facts: ConfigFacts): string[] {
  const plain = file.replaceAll('\\', '/').replace(/\/+$/, '');
  const slash = plain.lastIndexOf('/');
  const folder = slash === -1 ? '.' : plain.slice(0, slash) || '/';
  const names = facts.listFolder?.(folder) ?? [];
  const near = nearest(plain.slice(slash + 1), names, (name) => name).slice(0, 3);
  const prefix = slash === -1 ? '' : plain.slice(0, slash + 1);
  return near.map((name) => prefix + name);
}

export const fileRules: readonly ConfigRule[] = [fileNotFound, noFilesMatch, outputNotWritable];
