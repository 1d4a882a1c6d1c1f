// Lengths as bars, with max_length as a line that can be moved to see what it would cost.

import type { LengthHistogram } from '../../src/protocol/previewViews.ts';
import { element, fill, setText } from '../dom.ts';
import { t } from '../strings.ts';

const svg = 'http://www.w3.org/2000/svg';
const width = 600;
const height = 150;
const mostBars = 60;

/** What a limit costs: rows that are longer, and what of them lies behind it. */
export function lostAt({ lengths, rows }: LengthHistogram, limit: number): { rows: number; units: number } {
  let [lostRows, units] = [0, 0];
  lengths.forEach((length, i) => {
    if (length <= limit) return;
    lostRows += rows[i] ?? 0;
    units += (rows[i] ?? 0) * (length - limit);
  });
  return { rows: lostRows, units };
}

/** Bars of equal width from 0; `limit` is drawn, and moved by pointer or arrow keys. */
export function limitHistogram(histogram: LengthHistogram, unit: string, start: number): HTMLElement {
  const span = Math.max(1, histogram.longest, Math.min(start, histogram.longest * 2)) * 1.05;
  let limit = start;
  const { drawing, frame } = drawn(histogram, span);
  const line = part('line', { class: 'limit-line', y1: '0', y2: String(height) });
  const shade = part('rect', { class: 'limit-shade', y: '0', height: String(height) });
  drawing.append(shade, line);
  const told = element('output', { class: 'limit-told', attributes: { 'aria-live': 'polite' } });
  const move = (next: number): void => {
    limit = Math.max(1, Math.min(Math.round(next), Math.ceil(span)));
    const x = String((limit / span) * width);
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    shade.setAttribute('x', x);
    shade.setAttribute('width', String(Math.max(0, width - Number(x))));
    const { rows, units } = lostAt(histogram, limit);
    const sentence = t(
      'max_length {0}: {1} rows are longer, {2} {3} lost',
      number(limit),
      number(rows),
      number(units),
      unit,
    );
    setText(told, sentence);
    handle.setAttribute('aria-valuenow', String(limit));
    handle.setAttribute('aria-valuetext', sentence);
  };
  const handle = element('div', {
    class: 'histogram-place',
    attributes: {
      role: 'slider',
      tabindex: '0',
      'aria-label': t('max_length, to try out'),
      'aria-valuemin': '1',
      'aria-valuemax': String(Math.ceil(span)),
      'aria-valuenow': String(limit),
    },
    on: {
      pointerdown: (event) => {
        handle.setPointerCapture(event.pointerId);
        move(valueAt(event));
      },
      pointermove: (event) => {
        if (handle.hasPointerCapture(event.pointerId)) move(valueAt(event));
      },
      keydown: (event) => {
        const step = Math.max(1, Math.round(span / 100));
        const moves: Readonly<Record<string, number>> = {
          ArrowRight: limit + step,
          ArrowUp: limit + step,
          ArrowLeft: limit - step,
          ArrowDown: limit - step,
          PageUp: limit + 10 * step,
          PageDown: limit - 10 * step,
          Home: 1,
          End: span,
        };
        const next = moves[event.key];
        if (next === undefined) return;
        event.preventDefault();
        move(next);
      },
    },
  });
  const valueAt = (event: PointerEvent): number => {
    const box = handle.getBoundingClientRect();
    return ((event.clientX - box.left) / Math.max(1, box.width)) * span;
  };
  fill(handle, drawing);
  move(start);
  return element('div', { class: 'histogram' }, ...frame(handle), scaleLine(histogram, unit), told);
}

/** Bars alone, with what they say in words. */
export function plainHistogram(histogram: LengthHistogram, unit: string): HTMLElement {
  const { drawing, frame } = drawn(histogram, Math.max(1, histogram.longest) * 1.05);
  const place = element('div', { class: 'histogram-place', attributes: { 'aria-hidden': 'true' } }, drawing);
  return element('div', { class: 'histogram small' }, ...frame(place), scaleLine(histogram, unit));
}

function scaleLine({ median, p95, longest, total }: LengthHistogram, unit: string): HTMLElement {
  const told = t(
    'half ≤ {0}, 95 % ≤ {1}, longest {2}; {3} {4} in all',
    number(median),
    number(p95),
    number(longest),
    number(total),
    unit,
  );
  return element('p', { class: 'dim scale' }, told);
}

/** Ticks nearer to each other than this share of the axis would run into one another. */
const nearest = 0.12;

/** The least and the greatest length, and their middle where it has room; each with its share of the axis. */
function axisTicks({ lengths, longest }: LengthHistogram, span: number): { value: number; share: number }[] {
  const least = lengths[0] ?? longest;
  const middle = Math.round((least + longest) / 2);
  const room = (longest - least) / span;
  const values = room < nearest ? [longest] : room < 2 * nearest ? [least, longest] : [least, middle, longest];
  return values.map((value) => ({ value, share: value / span }));
}

/** Bars, and what stands around their place: the rows of the highest one above, lengths below. */
function drawn(histogram: LengthHistogram, span: number) {
  const heights = new Array<number>(mostBars).fill(0);
  histogram.lengths.forEach((length, i) => {
    const at = Math.min(mostBars - 1, Math.floor((length / span) * mostBars));
    heights[at] = (heights[at] ?? 0) + (histogram.rows[i] ?? 0);
  });
  const most = Math.max(1, ...heights);
  const hidden = { 'aria-hidden': 'true' };
  const ticks = axisTicks(histogram, span).map(({ value, share }) => {
    const tick = element('span', {}, number(value));
    tick.style.left = `${100 * share}%`;
    return tick;
  });
  return {
    drawing: bars(heights, most),
    frame: (place: HTMLElement): HTMLElement[] => [
      element('p', { class: 'histogram-most', attributes: hidden }, t('{0} rows', number(most))),
      place,
      element('div', { class: 'histogram-axis', attributes: hidden }, ...ticks),
    ],
  };
}

function bars(heights: readonly number[], most: number): SVGSVGElement {
  const drawing = document.createElementNS(svg, 'svg');
  drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
  drawing.setAttribute('preserveAspectRatio', 'none');
  drawing.setAttribute('aria-hidden', 'true');
  heights.forEach((count, i) => {
    if (count === 0) return;
    // Few rows must be seen beside many: no bar is thinner than a line.
    const tall = Math.max(2, (count / most) * height);
    drawing.append(
      part('rect', {
        class: 'histogram-bar',
        x: String((i * width) / mostBars + 1),
        y: String(height - tall),
        width: String(width / mostBars - 2),
        height: String(tall),
      }),
    );
  });
  return drawing;
}

function part(name: 'rect' | 'line', attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function number(value: number): string {
  return Math.round(value).toLocaleString();
}
