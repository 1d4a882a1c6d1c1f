// Asks another program something: its output, or the reason why there is none. Never throws, never hangs.
import { execFile, type ExecFileException } from 'node:child_process';

export type ToolAnswer =
  | { readonly ok: true; readonly stdout: string; readonly stderr: string }
  | { readonly ok: false; readonly reason: string; readonly stdout: string; readonly stderr: string };

export interface ToolOptions {
  /** Milliseconds after which the program is killed. */
  readonly timeout: number;
  readonly cwd?: string;
}

/** Runs a program without a shell and without stdin. A missing program is an answer, not an error. */
export function askTool(command: string, args: readonly string[], options: ToolOptions): Promise<ToolAnswer> {
  return new Promise((resolve) => {
    const settings = {
      timeout: options.timeout,
      killSignal: 'SIGKILL' as const,
      maxBuffer: 16 * 1024 * 1024,
      windowsHide: true,
      encoding: 'utf8' as const,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    };
    const child = execFile(command, [...args], settings, (error, stdout, stderr) => {
      if (error) resolve({ ok: false, reason: reasonOf(command, error, options.timeout), stdout, stderr });
      else resolve({ ok: true, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end();
  });
}

function reasonOf(command: string, error: ExecFileException, timeout: number): string {
  if (error.code === 'ENOENT') return `${command} is not installed`;
  if (error.killed) return `${command} did not answer within ${(timeout / 1000).toFixed(0)} s`;
  if (error.signal) return `${command} was ended by ${error.signal}`;
  return typeof error.code === 'number' ? `${command} ended with exit code ${String(error.code)}` : error.message;
}
