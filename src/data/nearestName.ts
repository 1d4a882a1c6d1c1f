// The name in a file that was probably meant by another one, for "did you mean".
import { nearest } from '../config/suggest.ts';

/** Case, hyphens and underscores do not count; undefined when nothing is near enough to be a typing error. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  return nearest(plain(name), candidates, plain)[0];
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}
