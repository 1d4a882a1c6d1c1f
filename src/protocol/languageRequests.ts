// What editor and language server say to each other beyond LSP: a method, and the schemas that both sides check against.

import type { ValidateFunction } from 'ajv';
import { englishPhrases, type Phrases } from './phrases.ts';
import { describeSchemaError, lazyValidator } from './validate.ts';

/** One request. Params and results are checked where they enter: by the server, and by the editor. */
export interface LanguageRequest<Params, Result> {
  readonly method: `finetune/${string}`;
  readonly params: () => ValidateFunction<Params>;
  readonly result: () => ValidateFunction<Result>;
}

/** The value as what a schema says it is; throws an error that names the first fault. */
export function checked<T>(validator: () => ValidateFunction<T>, value: unknown, what: string): T {
  const validate = validator();
  if (validate(value)) return value;
  throw new Error(`${what} is malformed: ${describeSchemaError(validate.errors)}.`);
}

/** How the editor starts the server (`initializationOptions`). */
export interface ServerOptions {
  /**
   * Address of a page of the documentation with `{page}` (`config`) and `{anchor}` (`data-max_length`) to be filled in.
   * Without it links are file addresses of the installed pages.
   */
  readonly docsLink?: string;
  /** The editor's command that opens completions, to be called after a name that wants a value. */
  readonly suggestCommand?: string;
  /** Commands that the line above a config calls; without them there is no such line. */
  readonly commands?: EditorCommands;
  /** False in a workspace that the person does not trust: nothing is run for it until `trustRequest` comes. */
  readonly trusted?: boolean;
  /** Phrases in the person's language; English ones where they are absent. */
  readonly phrases?: Partial<Phrases>;
}

/** Ids of commands; all but `problems` are called with the address of the config. */
export interface EditorCommands {
  readonly start: string;
  readonly dryRun: string;
  readonly estimate: string;
  readonly check: string;
  /** Shows what is wrong. */
  readonly problems: string;
}

const text = { type: 'string' } as const;
const commandNames = [
  'start',
  'dryRun',
  'estimate',
  'check',
  'problems',
] as const satisfies readonly (keyof EditorCommands)[];

export const serverOptions = lazyValidator<ServerOptions>({
  type: 'object',
  properties: {
    docsLink: { type: 'string', pattern: '\\{page\\}.*\\{anchor\\}' },
    suggestCommand: text,
    commands: {
      type: 'object',
      required: commandNames,
      properties: Object.fromEntries(commandNames.map((name) => [name, text])),
    },
    trusted: { type: 'boolean' },
    phrases: {
      type: 'object',
      properties: Object.fromEntries(Object.keys(englishPhrases).map((name) => [name, text])),
    },
  },
});

/** The person trusts the workspace from now on. */
export const trustRequest: LanguageRequest<object, object> = {
  method: 'finetune/trust',
  params: lazyValidator({ type: 'object' }),
  result: lazyValidator({ type: 'object' }),
};

/** A run of the workspace has ended: it may have measured what was estimated. Not every client's watcher tells it. */
export const runEndedRequest: LanguageRequest<object, object> = {
  method: 'finetune/runEnded',
  params: lazyValidator({ type: 'object' }),
  result: lazyValidator({ type: 'object' }),
};

const uriParams = {
  type: 'object',
  required: ['uri'],
  additionalProperties: false,
  properties: { uri: { type: 'string' } },
} as const;

/** The open config with every default filled in, as YAML with the reasons beside; null while it has errors. */
export const effectiveConfigRequest: LanguageRequest<{ readonly uri: string }, { readonly text: string | null }> = {
  method: 'finetune/effectiveConfig',
  params: lazyValidator(uriParams),
  result: lazyValidator({
    type: 'object',
    required: ['text'],
    properties: { text: { type: ['string', 'null'] } },
  }),
};
