// Where this program keeps what it cannot make again by itself: environments that a person has let it install.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * `FINETUNE_DATA`, or the place that the operating system has for a program's data: `$XDG_DATA_HOME` or
 * `~/.local/share` (Linux), `~/Library/Application Support` (macOS), `%LOCALAPPDATA%` (Windows). It may not exist yet.
 */
export function dataDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const chosen = environment['FINETUNE_DATA'];
  if (chosen) return resolve(chosen);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'finetune');
  if (platform === 'win32') {
    return join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'finetune', 'data');
  }
  return join(environment['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'finetune');
}
