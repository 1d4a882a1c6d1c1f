// Types of code-server.mjs for the end-to-end tests.
export interface Editor {
  readonly port: number;
  /** Folder of its profile. */
  readonly profile: string;
  pid(): number;
  /** Where its extensions are installed. */
  readonly extensions: string;
  /** The address that shows a folder or a `.code-workspace` file, with further parameters in its query. */
  address(folder: string, parameters?: Readonly<Record<string, string>>): string;
  /** Ends the server, extension host and all, and starts it again with the same profile. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  stop(): Promise<void>;
}
export type EditorVersion = 'newest' | 'minimum';
export const editorVersions: Readonly<
  Record<EditorVersion, { readonly vscode: string; readonly codeServer: string; readonly node: string }>
>;
export interface EditorPlace {
  readonly folder: string;
  readonly installed: boolean;
}
export function findEditor(which?: EditorVersion): EditorPlace;
export function installEditor(report?: (line: string) => void, which?: EditorVersion): Promise<EditorPlace>;
export function startEditor(options: {
  readonly vsix: string;
  readonly version?: EditorVersion;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly port?: number;
  /** False asks the person whether a folder is trusted, as a fresh VS Code does. */
  readonly trustEverything?: boolean;
  /** Further arguments of the server. */
  readonly arguments?: readonly string[];
  readonly log?: (line: string) => void;
}): Promise<Editor>;
