// What needs the YAML parser and the rules of configs: loaded when the first config is read, so that the editor starts
// without it. Imported by `import()` only.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { checkConfig } from '../config/check.ts';
import { parseConfig, type ParsedConfig } from '../config/parse.ts';

export { setFields } from '../config/edit.ts';
export { importConfig } from '../config/import/importConfig.ts';
export { toolNames } from '../config/import/recognise.ts';
export { reportLines } from '../config/import/report.ts';
export { toolTitles } from '../config/import/tools.ts';

/** Reads a config and checks it without opening model or data. `file` is its absolute path. */
export function readConfigText(text: string, file: string): ParsedConfig {
  const parsed = parseConfig(text, file, { environment: process.env });
  if (!parsed.config) return parsed;
  return { ...parsed, problems: checkConfig(parsed.config, fileFacts(path.dirname(file)), parsed.positions) };
}

/** What a config may name; paths are relative to its folder. Globs are left to the command line's check. */
function fileFacts(baseDirectory: string) {
  return {
    fileExists: (file: string) => existsSync(path.resolve(baseDirectory, file)),
    listFolder(folder: string) {
      try {
        return readdirSync(path.resolve(baseDirectory, folder));
      } catch {
        return [];
      }
    },
  };
}
