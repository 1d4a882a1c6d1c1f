// Ages in the lines of the explorer: tells which have become untrue, while somebody can see them.

import type { Disposable } from '../disposables.ts';

/** Milliseconds between two looks. Ages are told in minutes and more; a thousand lines are looked over in one millisecond. */
const interval = 5000;

export interface Ages extends Disposable {
  /** A line has been drawn that tells this age; undefined for one that tells none. */
  drawn(folder: string, age: string | undefined): void;
  /** Whether the view can be seen: a hidden one is not looked over. */
  watch(visible: boolean): void;
}

/**
 * `ageOf` is the age that a run's line would tell now, undefined for a run that is gone. `onOld` gets the folders whose
 * lines tell another, all of one look together.
 */
export function watchAges(
  ageOf: (folder: string) => string | undefined,
  onOld: (folders: readonly string[]) => void,
): Ages {
  const told = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const old: string[] = [];
    for (const [folder, age] of told) {
      const now = ageOf(folder);
      if (now === age) continue;
      // A line that nobody sees, in a folded group, is told once all the same.
      if (now === undefined) told.delete(folder);
      else {
        told.set(folder, now);
        old.push(folder);
      }
    }
    if (old.length > 0) onOld(old);
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    drawn(folder, age) {
      if (age === undefined) told.delete(folder);
      else told.set(folder, age);
    },
    watch(visible) {
      if (!visible) stop();
      else timer ??= setInterval(look, interval);
    },
    dispose: stop,
  };
}
