// Types of code-server.mjs for the end-to-end tests.
export interface Editor {
  readonly port: number;
  /** Folder of its profile. */
  readonly profile: string;
  pid(): number;
  /** The address that shows a folder. */
  address(folder: string): string;
  /** Ends the server, extension host and all, and starts it again with the same profile. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}
export interface EditorPlace {
  readonly folder: string;
  readonly installed: boolean;
}
export function findEditor(): EditorPlace;
export function installEditor(report?: (line: string) => void): Promise<EditorPlace>;
export function startEditor(options: {
  readonly vsix: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly locale?: string;
  readonly port?: number;
  readonly log?: (line: string) => void;
}): Promise<Editor>;
