// What most rows look like, by the votes that the trainer counts.
import type { Looks } from '../data/formats/detect.ts';
import { Votes } from '../lint/votes.ts';

/** Undefined without rows. */
export function looksOfRows(rows: Iterable<Looks>): Looks | undefined {
  const votes = new Votes();
  for (const looks of rows) votes.add(looks);
  return votes.winner;
}
