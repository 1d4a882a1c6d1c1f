// Rules about rows: what they are compared with, how long they may be, fields that their format does not read.

import { prefixLength } from '../method.ts';
import type { Columns, DataConfig, DataFormat, FinetuneConfig } from '../schema.generated.ts';
import { trainFiles, type ConfigRule, type Finding } from './rule.ts';

const validationIsTrain: ConfigRule = {
  code: 'config/validation-is-train',
  severity: 'error',
  summary: '`data.validation` names a file that is also trained on, so the validation loss would say nothing.',
  check: (config) => {
    const { validation } = config.data;
    if (typeof validation !== 'string') return [];
    if (!trainFiles(config).some(({ file }) => samePath(file, validation))) return [];
    const message = 'These rows are trained on as well. Name another file, or a share such as 0.05 that is kept apart.';
    return [{ path: 'data.validation', message }];
  },
};

const maxLengthBeyondContext: ConfigRule = {
  code: 'config/max-length-beyond-context',
  severity: 'error',
  summary: '`data.max_length` is longer than the context that the model was made for.',
  check: (config, facts) => {
    const context = facts.model?.contextLength;
    const length = config.data.max_length;
    const before = prefixLength(config);
    if (context === undefined || length === undefined || length <= context - before || before >= context) return [];
    const left = before === 0 ? '' : `, of which a prefix of ${before} leaves ${context - before}`;
    return [
      { path: 'data.max_length', message: `The model's context has ${context} tokens${left}. Take at most that.` },
    ];
  },
};

const columnsUnused: ConfigRule = {
  code: 'config/columns-unused',
  severity: 'warning',
  summary: '`columns` renames a column that the chosen format does not have.',
  check: ({ data }) => [
    ...unusedColumns(data.columns, typeof data.train === 'string' ? data.format : undefined, 'data.columns'),
    ...(typeof data.train === 'string' ? [] : data.train).flatMap((file, index) =>
      unusedColumns(file.columns, file.format ?? data.format, `data.train[${index}].columns`),
    ),
  ],
};

const columnsOf: Readonly<Record<Exclude<DataFormat, 'auto'>, readonly (keyof Columns)[]>> = {
  instruction: ['system', 'instruction', 'input', 'output'],
  messages: ['messages', 'tools'],
  conversations: ['conversations', 'tools', 'system'],
  prompt_completion: ['system', 'prompt', 'completion'],
  text: ['text'],
  reasoning: ['system', 'question', 'steps', 'answer'],
  preference: ['system', 'prompt', 'chosen', 'rejected', 'tools'],
  prompt: ['system', 'prompt', 'tools'],
};

function unusedColumns(columns: Columns | undefined, format: DataFormat | undefined, path: string): Finding[] {
  if (columns === undefined || format === undefined || format === 'auto') return [];
  const known: readonly string[] = columnsOf[format];
  return Object.keys(columns)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: `${path}.${name}`,
      part: 'key',
      message: `Rows of format ${format} have no ${name}. They have ${known.join(', ')}.`,
    }));
}

const chatFieldsUnused: ConfigRule = {
  code: 'config/chat-fields-unused',
  severity: 'warning',
  summary: '`data.template`, `data.system` or `data.train_on` is set, but every row is running text, trained whole.',
  check: ({ data }) => {
    if (!isAllText(data)) return [];
    const fields = ['template', 'system', 'train_on'] as const;
    return fields
      .filter((field) => data[field] !== undefined)
      .map((field) => ({
        path: `data.${field}`,
        part: 'key',
        message: `\`${field}\` is not used for rows of format text, which are trained whole. Remove it.`,
      }));
  },
};

function isAllText(data: DataConfig): boolean {
  if (typeof data.train === 'string') return data.format === 'text';
  return data.train.every((file) => (file.format ?? data.format) === 'text');
}

const outputIsInput: ConfigRule = {
  code: 'config/output-is-input',
  severity: 'error',
  summary: '`output` names the model, the adapter or a data file that the run reads.',
  check: (config) => {
    const { output } = config;
    if (output === undefined) return [];
    const input = inputs(config).find((path) => samePath(path, output));
    if (input === undefined) return [];
    return [
      { path: 'output', message: 'The run reads from here, so the result would overwrite it. Name another folder.' },
    ];
  },
};

function inputs(config: FinetuneConfig): string[] {
  const { validation } = config.data;
  return [
    config.model,
    ...trainFiles(config).map(({ file }) => file),
    ...(typeof validation === 'string' ? [validation] : []),
    ...(config.lora?.init_from === undefined ? [] : [config.lora.init_from]),
  ];
}

/** `./a//b/`, `a\b` and `a/c/../b` are one path. */
export function samePath(a: string, b: string): boolean {
  return normalised(a) === normalised(b);
}

function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '.' || (part === '' && parts.length > 0)) continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..' && parts.at(-1) !== '') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

export const dataRules: readonly ConfigRule[] = [
  validationIsTrain,
  maxLengthBeyondContext,
  columnsUnused,
  chatFieldsUnused,
  outputIsInput,
];
