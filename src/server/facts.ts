// Looks at the outside world for open configs: files now, everything slower once and in the background.
import { dirname } from 'node:path';
import type { ConfigFacts } from '../config/facts.ts';
import { fileFacts } from '../trainer/facts.ts';

/** What is known at once of the files around a config; nothing for a document that was never saved. */
export function factsNow(file: string | undefined): ConfigFacts {
  return file === undefined ? {} : fileFacts(dirname(file));
}
