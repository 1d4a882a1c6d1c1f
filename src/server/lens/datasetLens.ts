// The lens over an open dataset: rows by line, each laid out once for as long as its text and its config stay the same.
import { looksLike } from '../../data/formats/detect.ts';
import { isObject } from '../../data/formats/fields.ts';
import { formats, type Columns, type Format } from '../../data/formats/format.ts';
import { lensOfRow, type RowLens } from '../../lens/rowLens.ts';
import { ProblemError, problem } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import type { OpenDataset } from '../documents.ts';
import { governingConfigs, type GoverningConfig } from '../governingConfig.ts';
import { openEncodings, type Encoding } from './encodings.ts';

/** A row that cannot be trained on has a problem in place of a lens. */
export type LineLens = { readonly lens: RowLens } | { readonly problem: string };

export interface OpenLens {
  readonly governing: GoverningConfig;
  readonly encoding: Encoding;
  readonly format: Format;
  /** Undefined for an empty line. */
  line(line: number): LineLens | undefined;
}

export interface DatasetLens {
  configs(open: OpenDataset): Promise<readonly GoverningConfig[]>;
  /**
   * The lens under a config, by default the one that was last asked for or the nearest; undefined when none names the file.
   * @throws ProblemError as `Encodings.of`, and for a file of no known format.
   */
  open(open: OpenDataset, config?: string | null): Promise<OpenLens | undefined>;
  /** The config that governs a dataset: the one that was chosen, or the nearest. */
  governing(open: OpenDataset): Promise<GoverningConfig | undefined>;
  /** Told when another config was chosen for a dataset. */
  onChosen(listener: (uri: string) => void): void;
}

/** Beyond this many characters a row is not laid out: it would take longer than a person waits for a line. */
export const longestRow = 100_000;
const keptRows = 2000;
/** Rows that tell the format of a file whose config does not name it. */
const votingRows = 1000;

const known = new WeakMap<ServerContext, DatasetLens>();

/** One for each server: the request for tints and the hover show the same rows. */
export function datasetLens(context: ServerContext): DatasetLens {
  const found = known.get(context) ?? create(context);
  known.set(context, found);
  return found;
}

function create(context: ServerContext): DatasetLens {
  const governing = governingConfigs(context);
  const encodings = openEncodings();
  const chosen = new Map<string, string | null>();
  const formatsFound = new Map<string, Format>();
  const rows = new WeakMap<object, Map<string, LineLens>>();
  // A file that was saved may have become one of another format.
  context.documents.onSave(() => {
    formatsFound.clear();
  });
  context.documents.onClose((uri) => void chosen.delete(uri));

  const chosenListeners: ((uri: string) => void)[] = [];
  const governingOf = async ({ uri, file }: OpenDataset): Promise<GoverningConfig | undefined> => {
    const configs = file === undefined ? [] : await governing.of(file);
    return configs.find((config) => config.uri === chosen.get(uri)) ?? configs[0];
  };

  const formatOf = (open: OpenDataset, { format, columns }: GoverningConfig): Format => {
    if (format !== 'auto') return format;
    const key = `${open.uri} ${JSON.stringify(columns)}`;
    const found = formatsFound.get(key) ?? votedFormat(open, columns);
    if (found === undefined) {
      throw problem(
        'data/unknown-format',
        'The rows are of no format that can be trained on. Set data.format and data.columns in the config.',
      );
    }
    formatsFound.set(key, found);
    return found;
  };

  return {
    configs: async ({ file }) => (file === undefined ? [] : governing.of(file)),
    governing: governingOf,
    onChosen: (listener) => void chosenListeners.push(listener),
    async open(open, config) {
      if (config !== undefined && config !== chosen.get(open.uri)) {
        chosen.set(open.uri, config);
        for (const listener of chosenListeners) listener(open.uri);
      }
      const used = await governingOf(open);
      if (!used) return undefined;
      const encoding = await encodings.of(used);
      const format = formatOf(open, used);
      const cache = rows.get(encoding.options) ?? new Map<string, LineLens>();
      rows.set(encoding.options, cache);
      return {
        governing: used,
        encoding,
        format,
        line(line) {
          const text = lineText(open, line);
          if (text.trim() === '') return undefined;
          const key = `${format} ${JSON.stringify(used.columns)} ${text}`;
          const row = cache.get(key) ?? lay(text, encoding, format, used.columns);
          cache.delete(key);
          cache.set(key, row);
          if (cache.size > keptRows) cache.delete(cache.keys().next().value ?? '');
          return row;
        },
      };
    },
  };
}

/** A line without its end, and without a byte order mark, which the trainer passes over too. */
export function lineText({ document }: OpenDataset, line: number): string {
  const text = document.getText({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
  return text.replace(/[\r\n]+$/, '').replace(/^\ufeff/, ' ');
}

function lay(text: string, { options }: Encoding, format: Format, columns: Columns): LineLens {
  if (text.length > longestRow) {
    const kilobytes = (text.length / 1000).toFixed(0);
    return { problem: `The row is ${kilobytes} KB long; rows of more than ${longestRow / 1000} KB are not laid out.` };
  }
  try {
    return { lens: lensOfRow(text, { ...options, format, columns }) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { problem: error.problems[0]?.message ?? error.message };
  }
}

function votedFormat(open: OpenDataset, columns: Columns): Format | undefined {
  const votes = new Map<string, number>();
  for (let line = 0; line < Math.min(open.document.lineCount, votingRows); line += 1) {
    const value = parsed(lineText(open, line));
    if (!value) continue;
    const looks = looksLike(value, columns);
    votes.set(looks, (votes.get(looks) ?? 0) + 1);
  }
  return formats
    .filter((format) => votes.has(format))
    .reduce<Format | undefined>(
      (best, format) => (best === undefined || (votes.get(format) ?? 0) > (votes.get(best) ?? 0) ? format : best),
      undefined,
    );
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
