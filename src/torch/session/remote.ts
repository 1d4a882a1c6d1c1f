// The command that starts a rank on another host: its channel is ssh's own standard input and output.

import { workerVariables, type WorkerOptions } from './workerProcess.ts';

/**
 * ssh asks for nothing, and notices within seconds that a host is gone. Python and the worker's folder are at the same
 * places on every host. When ssh ends, the rank's channel closes, and it ends itself.
 */
export function remoteCommand(
  host: string,
  { python, program }: Pick<WorkerOptions, 'python' | 'program'>,
  name: string,
): string[] {
  const variables = Object.entries(workerVariables).map(([key, value]) => `${key}=${value}`);
  const remote = ['exec', 'env', ...variables, ...[python, '-s', program, name].map(quoted)].join(' ');
  const options = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=2', 'ServerAliveCountMax=3'];
  return ['ssh', '-T', ...options.flatMap((option) => ['-o', option]), '--', host, remote];
}

/** For a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
