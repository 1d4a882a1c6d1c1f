// The one line that follows a run: how far, loss, speed, time left and the course of the loss.
import { secondsLeft, tokensPerSecond } from '../../metrics/rate.ts';
import { sparkline } from '../../metrics/sparkline.ts';
import type { RunState } from '../../protocol/runState.ts';
import { lastOf, toArray } from '../../protocol/series.ts';
import { formatCount, formatDuration, formatLoss } from './numbers.ts';
import type { Style } from './style.ts';
import { oneLine } from './text.ts';

const sparklineWidth = { least: 8, most: 30 };

/** The line for a state, at most `columns` characters wide (not counting colours). Parts that do not fit are left out. */
export function progressLine(state: RunState, columns: number, style: Style): string {
  if (state.phase === 'starting') return style.dim('starting');
  if (state.phase === 'preparing') return preparingLine(state, columns, style);
  const { counter, facts } = stepFacts(state);
  let line = counter;
  for (const fact of facts) if (line.length + 3 + fact.length <= columns) line += ` · ${fact}`;
  const room = Math.min(sparklineWidth.most, columns - line.length - 2);
  const losses = toArray(state.steps).map((step) => step.loss);
  const curve = room >= sparklineWidth.least && losses.length > 1 ? `  ${sparkline(losses, room)}` : '';
  return `${style.bold(counter)}${line.slice(counter.length)}${style.cyan(curve)}`;
}

/** The same facts without the curve, for logs. */
export function plainProgressLine(state: RunState): string {
  const { counter, facts } = stepFacts(state);
  return [counter, ...facts].join(' · ');
}

function stepFacts(state: RunState): { counter: string; facts: string[] } {
  const last = lastOf(state.steps);
  const total = state.started?.plan.total_steps;
  const done = last?.step ?? 0;
  const counter = `step ${done}${total === undefined ? '' : `/${total}`}`;
  if (state.phase === 'paused') return { counter, facts: ['paused', ...lossFact(last?.loss)] };
  const recent = toArray(state.steps).slice(-20);
  const speed = tokensPerSecond(recent);
  const left = total === undefined ? undefined : secondsLeft(recent, total - done);
  return {
    counter,
    facts: [
      ...lossFact(last?.loss),
      ...(left !== undefined && left > 0 ? [`${formatDuration(left)} left`] : []),
      ...(speed === undefined ? [] : [`${formatCount(speed)} tokens/s`]),
    ],
  };
}

function lossFact(loss: number | undefined): string[] {
  return loss === undefined ? [] : [`loss ${formatLoss(loss)}`];
}

function preparingLine(state: RunState, columns: number, style: Style): string {
  if (!state.progress) return style.dim('preparing');
  const { message, fraction, seconds_left: left } = state.progress;
  const share = fraction === undefined ? '' : ` ${Math.floor(fraction * 100)} %`;
  const time = left === undefined ? '' : `, ${formatDuration(left)} left`;
  const tail = `${share}${time}`;
  return `${oneLine(message, Math.max(10, columns - tail.length))}${tail}`;
}
