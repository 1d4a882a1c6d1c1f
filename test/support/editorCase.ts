// A fresh VS Code with the packed extension on a copy of the quickstart folder: what every end-to-end test begins with.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { expect, inject, vi } from 'vitest';
import { startEditor, type Editor, type EditorVersion } from '../../scripts/code-server.mjs';
import { setFields, type FieldValue } from '../../src/config/edit.ts';
import { lastOf } from '../../src/protocol/series.ts';
import { runsFolderOf } from '../../src/runs/layout.ts';
import { isLiveStatus, openRun, type OpenedRun } from '../../src/runs/store.ts';
import { requiredPath } from './requirements.ts';
import { chromiumArguments, openWorkbench, type Workbench } from './workbench.ts';

/** Where pictures of windows are left. */
export const shots = resolve('test-results/editor');

export interface EditorCaseOptions {
  readonly version?: EditorVersion;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly trustEverything?: boolean;
  /** Further arguments of the server. */
  readonly arguments?: readonly string[];
  /** The quickstart with all its held-out rows; evaluating them takes as long as many steps. */
  readonly whole?: boolean;
  /** Language of the editor; default English. */
  readonly language?: string;
  /** Puts files into the folder before the window is opened. */
  readonly prepare?: (folder: string) => Promise<void>;
}

export interface EditorCase {
  /** The workspace folder: a copy of examples/quickstart. */
  readonly folder: string;
  /** The folder around it, removed at the end. */
  readonly scratch: string;
  readonly editor: Editor;
  readonly window: Workbench;
  /** Runs that the workspace has, newest first; folders that cannot be read as runs are passed over. */
  runs(): Promise<OpenedRun[]>;
  newest(): Promise<OpenedRun>;
  /** Changes the quickstart config and starts it from the palette. */
  start(fields?: Readonly<Record<string, FieldValue>>): Promise<void>;
  /** Kills what a failed test left: a run goes on without anybody. */
  endRuns(): Promise<void>;
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

export const stepOf = (run: OpenedRun): number => lastOf(run.state.steps)?.step ?? 0;

/** Tries again until nothing is thrown; patient, since the test's own limit ends what never comes. */
export const until = <T>(check: () => Promise<T>, timeout = 500_000): Promise<T> =>
  vi.waitFor(check, { timeout, interval: 100 });

/** Waits until the newest run is as asked. */
export async function untilNewest(
  { newest }: Pick<EditorCase, 'newest'>,
  fits: (run: OpenedRun) => boolean,
  what: string,
): Promise<OpenedRun> {
  return until(async () => {
    const run = await newest();
    expect(fits(run), what).toBe(true);
    return run;
  });
}

/** For use inside tests of a `describeWith` that names `chromium` and the editor. */
export async function openEditorCase(options: EditorCaseOptions = {}): Promise<EditorCase> {
  const scratch = await mkdtemp(join(tmpdir(), 'finetune-e2e-'));
  const folder = join(scratch, 'quickstart');
  await mkdir(shots, { recursive: true });
  await cp('examples/quickstart', folder, { recursive: true, filter: (file) => !file.includes('.finetune/') });
  if (!options.whole) await shortenHeldOut(folder);
  await options.prepare?.(folder);
  const { version = 'newest', settings, trustEverything = true, arguments: further = [] } = options;
  let browser: Browser | undefined;
  let editor: Editor | undefined;
  try {
    editor = await startEditor({
      vsix: inject('vsix'),
      version,
      trustEverything,
      arguments: further,
      settings: { 'workbench.colorTheme': 'Default Dark Modern', ...settings },
    });
    browser = await chromium.launch({ executablePath: requiredPath('chromium'), args: chromiumArguments });
    const window = await openWorkbench(browser, options.language);
    await window.open(editor.address(folder));
    return caseOf({ scratch, folder, editor, window }, browser);
  } catch (error) {
    await browser?.close();
    await editor?.stop();
    throw error;
  }
}

async function shortenHeldOut(folder: string): Promise<void> {
  const file = join(folder, 'orders.held-out.jsonl');
  const rows = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, `${rows.slice(0, 8).join('\n')}\n`);
}

function caseOf(parts: Pick<EditorCase, 'scratch' | 'folder' | 'editor' | 'window'>, browser: Browser): EditorCase {
  const { scratch, folder, editor, window } = parts;
  const runs = async (): Promise<OpenedRun[]> => {
    const root = runsFolderOf(folder);
    const names = await readdir(root).catch(() => []);
    const opened = await Promise.all(names.map((name) => openRun(join(root, name)).catch(() => undefined)));
    return opened
      .filter((run) => run !== undefined)
      .toSorted((a, b) => b.manifest.created.localeCompare(a.manifest.created));
  };
  const endRuns = async (): Promise<void> => {
    const live = (await runs()).filter(({ status }) => isLiveStatus(status));
    for (const { manifest } of live) if (manifest.process) process.kill(-manifest.process.pid, 'SIGKILL');
  };
  return {
    ...parts,
    runs,
    endRuns,
    async newest() {
      const [run] = await runs();
      if (!run) throw new Error('There is no run yet.');
      return run;
    },
    async start(fields = {}) {
      const before = (await runs()).length;
      const file = join(folder, 'quickstart.finetune.yaml');
      await writeFile(file, setFields(await readFile(file, 'utf8'), fields));
      await window.command('Start Fine-Tune');
      await window.choose('quickstart.finetune.yaml');
      await until(async () => expect((await runs()).length).toBeGreaterThan(before));
    },
    async screenshot(name) {
      await window.screenshot(join(shots, `${name.replace(/\W+/g, '-').slice(0, 60)}.png`));
    },
    async close() {
      await window.close();
      await browser.close();
      await editor.stop();
      await endRuns();
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
