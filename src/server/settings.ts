// The editor's settings under `finetune`, read when they are needed and kept until the editor says that they changed.
import { DidChangeConfigurationNotification, type Connection } from 'vscode-languageserver/node';
import type { Environment } from '../config/environment.ts';
import type { Severity } from '../protocol/problem.ts';

/** A code's severity as a person sets it. */
export type WantedSeverity = Severity | 'off';

export interface LanguageSettings {
  /** `finetune.problems.severity`: code → severity, for those that are not to have their own. */
  readonly severities: ReadonlyMap<string, WantedSeverity>;
  /** Variables that a run gets, and `${env:…}` is replaced from: this process's and those of `finetune.trainer.environment`. */
  readonly environment: Environment;
}

export interface Settings {
  /** Settings for a document. Never rejects: what is malformed counts as not set. */
  of(uri: string): Promise<LanguageSettings>;
  onChange(listener: () => void): void;
}

export interface OpenSettings extends Settings {
  initialize(canAsk: boolean, canRegister: boolean | undefined): void;
  listen(): void;
}

export function openSettings(connection: Connection): OpenSettings {
  const kept = new Map<string, Promise<LanguageSettings>>();
  const listeners: (() => void)[] = [];
  let asks = false;
  let registers = false;

  connection.onDidChangeConfiguration(() => {
    kept.clear();
    for (const listener of listeners) listener();
  });

  const read = async (uri: string): Promise<LanguageSettings> => {
    if (!asks) return readSettings(undefined);
    const found: unknown = await connection.workspace
      .getConfiguration({ scopeUri: uri, section: 'finetune' })
      .catch(() => undefined);
    return readSettings(found);
  };

  return {
    of(uri) {
      let settings = kept.get(uri);
      if (!settings) kept.set(uri, (settings = read(uri)));
      return settings;
    },
    onChange: (listener) => void listeners.push(listener),
    initialize(canAsk, canRegister) {
      asks = canAsk;
      registers = canRegister === true;
    },
    listen() {
      if (registers) {
        void connection.client.register(DidChangeConfigurationNotification.type, { section: 'finetune' });
      }
    },
  };
}

const severities: readonly WantedSeverity[] = ['error', 'warning', 'information', 'hint', 'off'];

/** Settings as the editor sent them (the section `finetune`) to typed ones. */
export function readSettings(value: unknown): LanguageSettings {
  const wanted = Object.entries(objectAt(value, 'problems', 'severity')).flatMap(([code, name]) => {
    const severity = severities.find((known) => known === name);
    return severity === undefined ? [] : [[code, severity] as const];
  });
  const environment = Object.entries(objectAt(value, 'trainer', 'environment')).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return { severities: new Map(wanted), environment: { ...process.env, ...Object.fromEntries(environment) } };
}

function objectAt(value: unknown, ...path: readonly string[]): object {
  let at = value;
  for (const name of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined;
  return typeof at === 'object' && at !== null ? at : {};
}
