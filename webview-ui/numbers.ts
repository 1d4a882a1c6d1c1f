// Numbers for axes and tiles: short, in the unit that a person would say.

import { formatBytes, formatCount, formatDuration, formatLoss } from '../src/metrics/numberText.ts';

/** `2.5`, `2e-4`, `12k`, `1.2M`: as short as an axis needs. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return formatLoss(value);
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return trimmedExponential(value);
  if (size >= 1e9) return `${trimmed(value / 1e9)}B`;
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`;
  return trimmed(value);
}

/** `2e-4`, `1.12e-4`; what is not small stays as it is. */
export function learningRateText(value: number): string {
  if (value === 0 || !Number.isFinite(value) || Math.abs(value) >= 0.01) return shortNumber(value);
  return trimmedExponential(value);
}

/** `45 s`, `10 min`, `2 h`: whole units for an axis. */
export function shortDuration(seconds: number): string {
  if (seconds === 0) return '0';
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds % 60 === 0) return `${seconds / 60} min`;
  return seconds < 60 ? `${trimmed(seconds)} s` : formatDuration(seconds);
}

/** A duration that is not known to the second: `45 s`, `16 min`, `2 h 05 min`. */
export function roughDuration(seconds: number): string {
  return seconds >= 600 && seconds < 3600 ? `${Math.round(seconds / 60)} min` : formatDuration(Math.round(seconds));
}

/** Steps between the ticks of an axis that counts: there is no half a training step. */
export const countSteps: number[] = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

/** Steps between the ticks of a time axis, in seconds. */
export const durationSteps: number[] = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800,
  432_000, 864_000,
];

/** `+4 %`, `−12 %`; nothing for less than a tenth of a percent. */
export function changeText(before: number, after: number): string {
  if (!Number.isFinite(before) || !Number.isFinite(after) || before === 0) return '';
  const percent = ((after - before) / Math.abs(before)) * 100;
  if (Math.abs(percent) < 0.1) return '±0 %';
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(digits)} %`;
}

/** How a metric's values are written, by its name. */
export function metricText(name: string, value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (name === 'learning_rate') return learningRateText(value);
  if (name === 'memory_bytes' || name.endsWith('_bytes')) return formatBytes(value);
  if (name === 'tokens_per_second') return value >= 100 ? formatCount(value) : value.toPrecision(3);
  return formatLoss(value);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function trimmedExponential(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential(2).split('e');
  return `${Number(digits)}e${Number(exponent)}`;
}
