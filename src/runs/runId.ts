// Names of runs: readable, sortable by time, unique, and legal on every file system.

import { createHash, randomBytes } from 'node:crypto';

const longestName = 40;

/**
 * `<name>-<yyyymmdd-hhmmss>-<hash>`, the time in UTC. The name keeps a–z, 0–9 and hyphens; the hash of four digits
 * tells apart runs started in the same second.
 */
export function newRunId(name: string, now: Date, salt: Uint8Array = randomBytes(8)): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longestName)
    .replace(/^-+|-+$/g, '');
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const hash = createHash('sha256').update(name).update(stamp).update(salt).digest('hex').slice(0, 4);
  return `${plain === '' ? 'run' : plain}-${stamp}-${hash}`;
}
