// Addresses of documents to paths of this machine.
import { fileURLToPath } from 'node:url';

/** The path of a `file:` address; undefined for anything else (untitled, virtual, malformed). */
export function fileOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
