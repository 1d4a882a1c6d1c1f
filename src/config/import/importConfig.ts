// Another tool's config to ours: text in, text and report out. Nothing is read from disk and nothing is run.

import { problem } from '../../protocol/problem.ts';
import { parseConfig } from '../parse.ts';
import { readCommand } from './read/command.ts';
import { notebookPython } from './read/notebook.ts';
import { readPython } from './read/python.ts';
import { readYaml } from './read/yaml.ts';
import { recognise } from './recognise.ts';
import type { ImportReport } from './report.ts';
import { settle } from './settle.ts';
import type { Source, Tool } from './source.ts';
import { tools } from './tools.ts';
import { importedText } from './write.ts';

export interface ImportedConfig {
  /** A config of ours with comments; it validates. */
  readonly text: string;
  readonly report: ImportReport;
}

export interface ImportOptions {
  /** The tool, where the names in the text do not tell it. */
  readonly from?: Tool | undefined;
  /** Text of LLaMA-Factory's dataset_info.json, which says what its dataset names stand for. */
  readonly datasetInfo?: string | undefined;
}

/** Larger texts are not configs; notebooks carry pictures. */
const maximumCharacters = 16 << 20;

/**
 * Imports a config, command line, script or notebook. Throws
 * `import/not-recognised`, `import/not-readable`, `import/no-keys` or `import/not-training`.
 */
export function importConfig(text: string, file: string, options: ImportOptions = {}): ImportedConfig {
  const { from, datasetInfo } = options;
  if (text.length > maximumCharacters)
    throw problem('import/too-large', 'This file is too large to be a config.', { file });
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const { tool, dialect, isNotebook } = recognise(body, file, from);
  const source = readSource(isNotebook ? notebookPython(body, file) : body, file, dialect, tool);
  if (source.keys.length === 0)
    throw problem('import/no-keys', `No settings of ${tools[tool].title} are written in this file.`, { file });
  refuseOtherWork(source, file);
  const { report, tree } = settle(
    source,
    tool,
    datasetInfo === undefined ? {} : { datasetInfo: parsedInfo(datasetInfo) },
  );
  if (report.mapped.length + report.changed.length === 0)
    throw problem(
      'import/not-training',
      `No key of this file says anything about a training, so there is nothing to import from ${report.title}.`,
      { file },
    );
  const result = importedText(tree, report, file);
  const { problems } = parseConfig(result, file);
  const [found] = problems.filter(({ severity, code }) => severity === 'error' && code !== 'config/environment');
  if (found) throw new Error(`The imported config is not valid: ${found.message}`);
  return { text: result, report };
}

/** The keys of a text, as its dialect writes them. */
export function readSource(text: string, file: string, dialect: Source['dialect'], tool: Tool): Source {
  if (dialect === 'command') return readCommand(text, file);
  return dialect === 'python' ? readPython(text, file) : readYaml(text, file, tools[tool].sections);
}

/** A table that cannot be read says nothing; its names are then told as names. */
function parsedInfo(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Configs of the same tools that merge or serve a model, or start processes, train nothing. */
function refuseOtherWork(source: Source, file: string): void {
  const has = (name: string): boolean => source.keys.some((key) => key.name === name);
  const trains = ['dataset', 'dataset_name', 'datasets[].path', 'train_dataset', 'output_dir', 'learning_rate'].some(
    has,
  );
  const work = has('export_dir')
    ? 'exports a model'
    : has('infer_backend') || has('infer_dtype')
      ? 'answers prompts'
      : has('compute_environment') || has('distributed_type')
        ? 'tells Accelerate how to start processes'
        : '';
  if (work !== '' && !trains)
    throw problem('import/not-training', `This config ${work}; it trains nothing, so there is nothing to import.`, {
      file,
    });
}
