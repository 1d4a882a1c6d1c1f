// What a dashboard knows: the sections of the last snapshot with all deltas since, and the points of its charts. Pure.

import type { RunSections } from '../src/protocol/panelViews.ts';
import type { DashboardDelta, DashboardSnapshot } from '../src/protocol/webviewMessages.ts';
import { extended, pointsOf, rewound, type Points } from './seriesStore.ts';

export interface RunModel {
  readonly revision: number;
  readonly sections: RunSections;
  /** The whole run, coarse where it is long. */
  readonly points: Points;
}

export function modelOf(snapshot: DashboardSnapshot): RunModel {
  return { revision: snapshot.revision, sections: snapshot.sections, points: pointsOf(snapshot.page) };
}

/** The model after a delta; undefined when one before it is missing, and a snapshot has to be asked for. */
export function applyDelta(model: RunModel, delta: DashboardDelta): RunModel | undefined {
  if (delta.revision !== model.revision + 1) return undefined;
  let { points } = model;
  if (delta.rewindTo !== undefined) points = rewound(points, delta.rewindTo);
  if (delta.points) points = extended(points, delta.points);
  return { revision: delta.revision, sections: { ...model.sections, ...delta.sections }, points };
}
