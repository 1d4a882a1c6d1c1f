// Finds a rank that hangs among ranks that wait for it: from what each tells of itself, looked at once a second.

import type { SignOfLife } from './workerProcess.ts';

export interface Hang {
  /** Those that hold the others up; all of them where nobody can be told apart. */
  readonly ranks: readonly number[];
  readonly what: string;
}

/** Looks without any sign of life, or without any work, after which a rank counts as hanging. */
const patience = 6;
/** The same where all ranks stand still together: a slow network or disk needs its time. */
const commonPatience = 60;
/** Seconds of processor time between two looks below which nothing is computed. */
const idleSeconds = 0.05;

/** A watch over ranks. Give it what they tell of themselves once a second, as long as something is asked of them. */
export function createHangWatch(): (lives: readonly SignOfLife[]) => Hang | undefined {
  let before: readonly SignOfLife[] = [];
  let silent: number[] = [];
  let still: number[] = [];

  return (lives) => {
    silent = lives.map(({ beats }, i) => (beats === before[i]?.beats ? (silent[i] ?? 0) + 1 : 0));
    still = lives.map((life, i) => (stoodStill(before[i], life) ? (still[i] ?? 0) + 1 : 0));
    before = lives;
    const ranksWhere = (test: (rank: number) => boolean): number[] => lives.map((_, rank) => rank).filter(test);

    const dead = ranksWhere((rank) => silent[rank]! >= patience);
    if (dead.length > 0) return { ranks: dead, what: `gives no sign of life for ${patience} seconds` };
    if (still.some((looks) => looks < patience)) return undefined;
    const all = ranksWhere(() => true);
    const late = all.filter((rank) => !lives[rank]!.collective);
    if (late.length > 0 && late.length < all.length) {
      return { ranks: late, what: `has done nothing for ${patience} seconds` };
    }
    if (late.length === 0 && new Set(lives.map(({ doing }) => doing)).size > 1) {
      return { ranks: all, what: 'waits in another collective than the others' };
    }
    if (still.some((looks) => looks < commonPatience)) return undefined;
    return { ranks: all, what: `has stood still for ${commonPatience} seconds, like all the others` };
  };
}

/** Neither began nor ended anything, nor computed; a GPU's rank may spin while it waits, so a collective counts as waiting. */
function stoodStill(before: SignOfLife | undefined, now: SignOfLife): boolean {
  if (before?.count !== now.count) return false;
  return now.collective || now.cpuSeconds - before.cpuSeconds < idleSeconds;
}
