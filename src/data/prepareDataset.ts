// The room's front door: the data block of a config and a model in, tokenised datasets and a report out.
import type { EffectiveData } from '../config/effectiveTypes.ts';
import type { LoadedModel } from '../models/types.ts';
import { canonicalJson } from './contentHash.ts';
import { sha256 } from './cache/cacheWriter.ts';
import type { RowEncoder } from './prepare/encoder.ts';
import { usefulThreads } from './prepare/encodingThreads.ts';
import { prepareRows, type PrepareControls, type PreparedData, type RowsRequest } from './prepare/prepareRows.ts';
import type { DatasetReport } from './prepare/report.ts';
import type { RowKind } from '../config/objective.ts';
import { refuseFormat } from './rowKind.ts';
import { encodeRows, recipeOf } from './rowEncoder.ts';
import type { EncodeOptions, Overflow, TrainOn } from './template/encodeRecord.ts';
import { resolveTemplate, type RowTemplate } from './template/templates.ts';

/** Raised when the same row would give other tokens, mask or findings than before: cached rows are then made again. */
const encodingVersion = 3;

/** The `data` block of the effective config. */
export interface DatasetRequest extends RowsRequest {
  /** `chat`, `alpaca`, `none` or the path of a .jinja file. */
  readonly template: string;
  readonly system?: string | undefined;
  readonly trainOn: TrainOn;
  /** Tokens. */
  readonly maxLength: number;
  readonly overflow: Overflow;
}

/** What of a model the rows depend on. */
export type DatasetModel = Pick<LoadedModel, 'reference' | 'tokenizer' | 'chatTemplate' | 'hashes'> &
  // By which further threads make the tokenizer; without them large files are encoded by one thread.
  Partial<Pick<LoadedModel, 'tokenizerFiles'>>;

export interface PreparedDataset extends PreparedData {
  readonly report: DatasetReport;
  /** The template that the rows were rendered with, for prompts that must look alike. */
  readonly template: RowTemplate;
  /** sha256 of what run.json records. `data`: the stored files; `template`: source and variables; `mask`: of train. */
  readonly hashes: { readonly data: string; readonly template: string; readonly mask: string };
}

/**
 * Reads, checks, tokenises (or finds it in the cache) and splits. Memory holds an index of the rows, never the rows.
 * Throws a ProblemError with the first bad rows by file, line and column, or with what else is wrong.
 */
export async function prepareDataset(
  request: DatasetRequest,
  model: DatasetModel,
  controls: PrepareControls = {},
): Promise<PreparedDataset> {
  const options = await encodingOf(request, model);
  const { template } = options;
  const templateHash = template === 'none' ? sha256('none') : hashTemplate(template);
  const data = await prepareRows(request, rowEncoder(request.rows ?? 'single', options, model, templateHash), controls);
  const { train, validation } = data.report;
  const dataHash = sha256(
    [train.hashes.data, ...(validation === undefined ? [] : [validation.hashes.data])].join('\n'),
  );
  return { ...data, template, hashes: { data: dataHash, template: templateHash, mask: train.hashes.mask } };
}

/** What of a request decides how one row becomes tokens. */
export type EncodingRequest = Pick<
  DatasetRequest,
  'baseDirectory' | 'template' | 'system' | 'trainOn' | 'maxLength' | 'overflow'
>;

/** What an effective config says of it; `baseDirectory` is what its paths are relative to. */
export function encodingRequest(data: EffectiveData, baseDirectory: string): EncodingRequest {
  const { template, system, train_on: trainOn, max_length: maxLength, overflow } = data;
  return { baseDirectory, template, system, trainOn, maxLength, overflow };
}

/**
 * How rows become tokens under a config, for whoever looks at single rows of it.
 * @throws ProblemError `chat/template-not-found` or `chat/template-syntax`.
 */
export async function encodingOf(
  { baseDirectory, template: setting, system, trainOn, maxLength, overflow }: EncodingRequest,
  { tokenizer, chatTemplate, reference }: Pick<DatasetModel, 'tokenizer' | 'chatTemplate' | 'reference'>,
): Promise<EncodeOptions> {
  const facts = { tokenizer, modelTemplate: chatTemplate, modelName: reference, baseDirectory };
  const template = await resolveTemplate(setting, facts);
  return { tokenizer, template, trainOn, maxLength, overflow, ...(system === undefined ? {} : { system }) };
}

function rowEncoder(kind: RowKind, options: EncodeOptions, model: DatasetModel, templateHash: string): RowEncoder {
  const { system, trainOn, maxLength, overflow } = options;
  const { tokenizerFiles } = model;
  return {
    identity: {
      encodingVersion,
      kind,
      tokenizer: model.hashes.tokenizer,
      template: templateHash,
      system,
      trainOn,
      maxLength,
      overflow,
    },
    refuses: (format, file) => refuseFormat(format, kind, file),
    encode: encodeRows(kind, options),
    elsewhere: tokenizerFiles && {
      recipe: recipeOf(kind, options, tokenizerFiles),
      threads: usefulThreads(model.tokenizer.vocabSize),
    },
  };
}

function hashTemplate({ template, options }: Exclude<RowTemplate, 'none'>): string {
  return sha256(canonicalJson({ source: template.source, options }));
}
