// The programs that the extension starts: trainer and command line, on the editor's own Node.

import { spawn } from 'node:child_process';
import { packageFile } from '../platform/packageFile.ts';

export const trainerProgram = (): string => packageFile('dist/trainer.js');

/**
 * Environment of a child: the editor's executable then acts as Node, and the editor's own variables stay out of it.
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
  /** Pieces of stderr as they come: progress lines. */
  readonly onStderr?: (text: string) => void;
}

/** Output beyond this many characters is not kept. */
const longestOutput = 32 * 1024 * 1024;

/** Runs `finetune …` and returns what it wrote. Rejects only when the process cannot be started; an abort gives code null. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [packageFile('dist/cli.js'), ...args], {
      cwd: options.cwd,
      env: { ...options.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let stdout = '';
    let stderr = '';
    const kill = (): void => void child.kill();
    options.signal?.addEventListener('abort', kill, { once: true });
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
