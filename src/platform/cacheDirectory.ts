// Where this program keeps what it can make again: tokenised data, converted weights.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * `FINETUNE_CACHE`, or the place that the operating system has for caches: `$XDG_CACHE_HOME` or `~/.cache` (Linux),
 * `~/Library/Caches` (macOS), `%LOCALAPPDATA%` (Windows). The folder may not exist yet.
 */
export function cacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const chosen = environment['FINETUNE_CACHE'];
  if (chosen) return resolve(chosen);
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'finetune');
  if (platform === 'win32') {
    return join(environment['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'finetune', 'cache');
  }
  return join(environment['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'finetune');
}
