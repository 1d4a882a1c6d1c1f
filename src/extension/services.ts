// What the parts of the extension share; made once at activation and passed on.

import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Language } from './language/language.ts';
import type { RunLibrary } from './library.ts';
import type { ConfigDiagnostics } from './start/diagnostics.ts';
import type { QueueKeeper } from './start/queueKeeper.ts';
import type { Texts } from './texts.ts';

export interface Services {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly library: RunLibrary;
  readonly queue: QueueKeeper;
  readonly diagnostics: ConfigDiagnostics;
  readonly language: Language;
  readonly texts: Texts;
  /** Shows the dashboard of a run. */
  readonly openDashboard: (folder: string) => Promise<void>;
  /** Shows two to ten runs beside each other. */
  readonly openCompare: (folders: readonly string[]) => void;
}
