// Runs this package's command line as a child process, on the Node that runs this program (an editor's, mostly).
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { packageFile } from './packageFile.ts';

/**
 * Environment of a child: an editor's executable then acts as Node, and the editor's own variables stay out of it.
 * `extra` are the person's (setting `finetune.trainer.environment`).
 */
export function childEnvironment(own: NodeJS.ProcessEnv, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(own).filter(
    ([name]) =>
      !/^(VSCODE_|ELECTRON_)/.test(name) &&
      name !== 'NODE_OPTIONS' &&
      name !== 'APPLICATION_INSIGHTS_NO_DIAGNOSTIC_CHANNEL',
  );
  return { ...Object.fromEntries(kept), ...extra, ELECTRON_RUN_AS_NODE: '1' };
}

export interface CliAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** What it reads on its standard input; nothing when absent. */
  readonly stdin?: string;
  /** It gives way to everything else on this machine. */
  readonly inBackground?: boolean;
  /** Pieces of stderr as they come: progress lines. */
  readonly onStderr?: (text: string) => void;
}

/** Output beyond this many characters is not kept. */
const longestOutput = 32 * 1024 * 1024;
/** The niceness of work in the background: below that of anything that a person waits for. */
const backgroundPriority = 10;

/** Runs `finetune …` and returns what it wrote. Rejects only when the process cannot be started; an abort gives code null. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [packageFile('dist/cli.js'), ...args], {
      cwd: options.cwd,
      env: { ...options.env, NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let stdout = '';
    let stderr = '';
    const kill = (): void => void child.kill();
    options.signal?.addEventListener('abort', kill, { once: true });
    if (options.inBackground === true) child.on('spawn', () => lower(child.pid));
    // A child that ends without reading is told by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < longestOutput) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < longestOutput) stderr += text;
      options.onStderr?.(text);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      options.signal?.removeEventListener('abort', kill);
      resolve({ code, stdout, stderr });
    });
  });
}

function lower(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, backgroundPriority);
  } catch {
    // It has ended already, or this system does not let us: it runs like any other.
  }
}
