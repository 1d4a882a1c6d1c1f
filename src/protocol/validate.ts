// Checks of messages where they enter: ajv against the schemas. Kept apart from the types, since ajv must not reach a webview.

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import commandSchema from '../../schemas/trainer-command.schema.json' with { type: 'json' };
import eventSchema from '../../schemas/trainer-event.schema.json' with { type: 'json' };
import { trainerCommandTypes, type TrainerCommand } from './commands.ts';
import { nonFiniteFields, protocolVersion, trainerEventTypes, type TrainerEvent } from './events.ts';
import { reviveNumbers } from './jsonLines.ts';
import { isObject } from './guards.ts';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** `unknownType`: from a newer program; to be logged and passed over. */
  | { readonly ok: false; readonly problem: string; readonly unknownType: boolean };

/** A command as it came in. What is no command has the `type` and the `id` that a refusal can name, where there are any. */
export type CheckedCommand =
  | { readonly ok: true; readonly value: TrainerCommand }
  | { readonly ok: false; readonly problem: string; readonly type: string; readonly id: string | undefined };

/** An event as it came off a line; spelled-out numbers are revived. */
export function checkEvent(value: unknown): Checked<TrainerEvent> {
  const type = typeOf(value);
  if (type !== undefined && !trainerEventTypes.some((known) => known === type)) {
    return { ok: false, problem: `Unknown event type '${type}'.`, unknownType: true };
  }
  const protocol = protocolOf(value);
  if (type === 'hello' && protocol !== undefined && protocol !== protocolVersion) {
    return { ok: false, problem: versionMessage(protocol), unknownType: false };
  }
  const validate = eventValidator();
  if (!validate(value)) return { ok: false, problem: describe('event', type, validate.errors), unknownType: false };
  reviveNumbers(value, nonFiniteFields);
  return { ok: true, value };
}

/** A command as it came from stdin or a control file. */
export function checkCommand(value: unknown): CheckedCommand {
  const validate = commandValidator();
  if (validate(value)) return { ok: true, value };
  const type = typeOf(value);
  const isKnown = type === undefined || trainerCommandTypes.some((known) => known === type);
  const problem = isKnown
    ? describe('command', type, validate.errors)
    : `There is no command '${shortened(type)}'. A run knows ${trainerCommandTypes.join(', ')}.`;
  return { ok: false, problem, type: shortened(type ?? 'command'), id: idOf(value) };
}

/** As in the schema. */
const longestId = 200;
/** How much of an unknown type is told, in UTF-16 units. */
const longestType = 40;

/** One schema compiled when it is first used. The extension's bundle has some compiled already (scripts/compiledSchemas.mjs). */
export function lazyValidator<T>(schema: object): () => ValidateFunction<T> {
  let compiled = isCompiled<T>(schema) ? schema : undefined;
  return () => (compiled ??= new Ajv({ discriminator: true, allowUnionTypes: true }).compile<T>(schema));
}

/** The first ajv error as a clause: where, and what is wrong. */
export function describeSchemaError(errors: readonly ErrorObject[] | null | undefined): string {
  const first = errors?.[0];
  if (!first) return 'does not match its schema';
  const extra = 'additionalProperty' in first.params ? ` '${String(first.params['additionalProperty'])}'` : '';
  return `${first.instancePath === '' ? '' : `${first.instancePath} `}${first.message ?? 'is wrong'}${extra}`;
}

function isCompiled<T>(schema: object): schema is ValidateFunction<T> {
  return typeof schema === 'function';
}

const eventValidator = lazyValidator<TrainerEvent>(eventSchema);
const commandValidator = lazyValidator<TrainerCommand>(commandSchema);

function describe(what: string, type: string | undefined, errors: readonly ErrorObject[] | null | undefined): string {
  return `The ${type === undefined ? what : `${what} '${type}'`} is malformed: ${describeSchemaError(errors)}.`;
}

function versionMessage(found: number): string {
  return (
    `The trainer speaks protocol version ${found}, this program version ${protocolVersion}. ` +
    'Use the same version of Fine-Tune Workbench for both.'
  );
}

function typeOf(value: unknown): string | undefined {
  return isObject(value) && typeof value['type'] === 'string' ? value['type'] : undefined;
}

/** An id that an answer may carry: a command's schema bounds it. */
function idOf(value: unknown): string | undefined {
  const id = isObject(value) ? value['id'] : undefined;
  return typeof id === 'string' && id !== '' && id.length <= longestId ? id : undefined;
}

/** Whoever sent it may have sent anything, and it goes into the run's events. */
function shortened(type: string): string {
  return type.length > longestType ? `${type.slice(0, longestType)}…` : type;
}

function protocolOf(value: unknown): number | undefined {
  return isObject(value) && typeof value['protocol'] === 'number' ? value['protocol'] : undefined;
}
