// What lies over the lines of a chart: evaluations, checkpoints, warnings, changed settings, spikes. Drawn by hand, since it
// has its own x and must not be joined with a thousand steps.

import type uPlot from 'uplot';
import type { ChartTheme, SeriesColor } from './theme.ts';

/** A line with points, at its own places. */
export interface PointLine {
  readonly kind: 'line';
  readonly color: SeriesColor;
  readonly dashed: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Signs at the foot of the chart. */
export interface FootMark {
  readonly kind: 'foot';
  readonly sign: 'checkpoint' | 'warning' | 'setting' | 'restart' | 'failure';
  readonly x: number;
}

/** Single values that ask to be looked at; y NaN: one that cannot be drawn, shown at the top. */
export interface Spot {
  readonly kind: 'spot';
  readonly x: number;
  readonly y: number;
}

export type Overlay = PointLine | FootMark | Spot;

const signColors: Readonly<Record<FootMark['sign'], SeriesColor>> = {
  checkpoint: 'green',
  warning: 'yellow',
  setting: 'purple',
  restart: 'foreground',
  failure: 'red',
};

/** Lowest and highest y that overlays need inside an x range. */
export function overlayRange(overlays: readonly Overlay[], min: number, max: number): [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const overlay of overlays) {
    if (overlay.kind !== 'line') continue;
    for (const { x, y } of overlay.points) {
      if (x < min || x > max || !Number.isFinite(y)) continue;
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
  }
  return low <= high ? [low, high] : undefined;
}

/** Draws on the canvas of a chart, inside its plot area. */
export function drawOverlays(chart: uPlot, overlays: readonly Overlay[], theme: ChartTheme): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - 4 * ratio, bbox.top, bbox.width + 8 * ratio, bbox.height);
  ctx.clip();
  ctx.lineJoin = 'round';
  for (const overlay of overlays) {
    if (overlay.kind === 'line') drawLine(chart, overlay, theme, ratio);
    else if (overlay.kind === 'foot') drawFoot(chart, overlay, theme, ratio);
    else drawSpot(chart, overlay, theme, ratio);
  }
  ctx.restore();
}

function drawLine(chart: uPlot, line: PointLine, theme: ChartTheme, ratio: number): void {
  const { ctx } = chart;
  const places = line.points
    .filter(({ y }) => Number.isFinite(y))
    .map(({ x, y }) => ({ x: chart.valToPos(x, 'x', true), y: chart.valToPos(y, 'y', true) }));
  ctx.strokeStyle = theme.series[line.color];
  ctx.fillStyle = theme.series[line.color];
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash(line.dashed ? [5 * ratio, 3 * ratio] : []);
  ctx.beginPath();
  for (const [index, { x, y }] of places.entries()) {
    if (index === 0) ctx.moveTo(x, y);
    else ctx.lineTo(x, y);
  }
  ctx.stroke();
  ctx.setLineDash([]);
  // Hundreds of points would be a thick line.
  if (places.length > 80) return;
  for (const { x, y } of places) disc(ctx, x, y, 3 * ratio);
}

function drawFoot(chart: uPlot, mark: FootMark, theme: ChartTheme, ratio: number): void {
  const { ctx, bbox } = chart;
  const x = chart.valToPos(mark.x, 'x', true);
  const foot = bbox.top + bbox.height;
  const size = 4.5 * ratio;
  ctx.fillStyle = theme.series[signColors[mark.sign]];
  ctx.strokeStyle = ctx.fillStyle;
  ctx.lineWidth = ratio;
  if (mark.sign === 'restart' || mark.sign === 'failure') {
    ctx.setLineDash([2 * ratio, 2 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, foot);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  ctx.beginPath();
  if (mark.sign === 'checkpoint') {
    ctx.moveTo(x, foot - 3 * size);
    ctx.lineTo(x + size, foot - 1.4 * size);
    ctx.lineTo(x - size, foot - 1.4 * size);
    ctx.closePath();
    ctx.fill();
    ctx.fillRect(x - ratio / 2, foot - 1.4 * size, ratio, 1.4 * size);
  } else if (mark.sign === 'setting') {
    ctx.moveTo(x, foot - 2.6 * size);
    ctx.lineTo(x + size, foot - 1.6 * size);
    ctx.lineTo(x, foot - 0.6 * size);
    ctx.lineTo(x - size, foot - 1.6 * size);
    ctx.closePath();
    ctx.fill();
  } else if (mark.sign === 'warning') {
    ctx.moveTo(x, foot - 2.6 * size);
    ctx.lineTo(x + 1.1 * size, foot - 0.6 * size);
    ctx.lineTo(x - 1.1 * size, foot - 0.6 * size);
    ctx.closePath();
    ctx.stroke();
    ctx.fillRect(x - ratio / 2, foot - 2 * size, ratio, 0.8 * size);
  } else {
    disc(ctx, x, foot - 1.6 * size, 0.8 * size);
  }
}

function drawSpot(chart: uPlot, spot: Spot, theme: ChartTheme, ratio: number): void {
  const { ctx, bbox } = chart;
  const x = chart.valToPos(spot.x, 'x', true);
  ctx.fillStyle = theme.series.red;
  ctx.strokeStyle = theme.series.red;
  if (Number.isFinite(spot.y)) {
    disc(ctx, x, chart.valToPos(spot.y, 'y', true), 2.5 * ratio);
    return;
  }
  const size = 3 * ratio;
  const y = bbox.top + 2 * size;
  ctx.lineWidth = 1.5 * ratio;
  ctx.beginPath();
  ctx.moveTo(x - size, y - size);
  ctx.lineTo(x + size, y + size);
  ctx.moveTo(x + size, y - size);
  ctx.lineTo(x - size, y + size);
  ctx.stroke();
}

function disc(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}
