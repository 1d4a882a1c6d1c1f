// Progress of the preparation as events: stage by stage, a few times a second, with the time that is still needed.

import type { PrepareProgress } from '../data/prepare/progress.ts';
import type { ModelProgress } from '../models/progress.ts';
import type { EventBodies } from '../protocol/events.ts';

type Progress = EventBodies['progress'];

/** Time between two events of the same stage, in milliseconds. */
const interval = 250;

export interface StageReporter {
  stage(stage: Progress['stage'], message: string): void;
  readonly model: (progress: ModelProgress) => void;
  readonly data: (progress: PrepareProgress) => void;
}

const phases: Readonly<Record<PrepareProgress['phase'], string>> = {
  hash: 'Checking',
  detect: 'Reading',
  tokenise: 'Tokenising',
};

export function reporterOf(report: (progress: Progress) => void): StageReporter {
  let started = 0;
  let last = 0;
  let what = '';
  const go = (stage: Progress['stage'], message: string, fraction: number): void => {
    const now = performance.now();
    if (message !== what) {
      what = message;
      started = now;
    } else if (now - last < interval) return;
    last = now;
    const elapsed = (now - started) / 1000;
    const left = fraction > 0.02 && elapsed > 1 ? { seconds_left: (elapsed * (1 - fraction)) / fraction } : {};
    report({ stage, message, fraction: Math.min(1, Math.max(0, fraction)), ...left });
  };
  return {
    stage: (stage, message) => report({ stage, message }),
    model: ({ stage, item, done, total }) => {
      go('model', `${stage === 'download' ? 'Downloading' : 'Converting'} ${item}`, total > 0 ? done / total : 0);
    },
    data: ({ phase, file, bytesRead, bytesTotal }) => {
      go('data', `${phases[phase]} ${file}`, bytesTotal > 0 ? bytesRead / bytesTotal : 0);
    },
  };
}
