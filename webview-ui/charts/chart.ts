// One uPlot chart: lines over a shared x, overlays, zoom by dragging, pan with Shift, keys. It knows nothing of runs.

import uPlot from 'uplot';
import { drawOverlays, overlayRange, type Overlay } from './overlays.ts';
import { readTheme, type ChartTheme, type SeriesColor } from './theme.ts';
import { bindPanAndZoom } from './panZoom.ts';

export interface ChartLine {
  readonly label: string;
  readonly color: SeriesColor;
  /** CSS pixels. */
  readonly width: number;
  readonly alpha: number;
  readonly dash?: readonly number[];
  /** Draws over places without a value: for lines whose x is not shared by all. */
  readonly spanGaps?: boolean;
  /** One for each x; what is not finite is a gap. */
  readonly values: readonly number[];
}

export interface ChartContent {
  readonly x: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly overlays: readonly Overlay[];
  /** What is seen of the x axis. */
  readonly range: readonly [number, number];
  readonly log: boolean;
  /** The y axis begins at zero. */
  readonly fromZero: boolean;
}

export interface ChartHandlers {
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  /** Distances allowed between the ticks of x. */
  readonly ticksX: () => number[];
  readonly onRange: (range: readonly [number, number]) => void;
  /** The pointer is over the point at an index; undefined when it has left. */
  readonly onCursor: (index: number | undefined) => void;
  readonly onPick: (index: number) => void;
}

export interface Chart {
  /** Show it with a size of its own: it fills it. */
  readonly element: HTMLElement;
  show(content: ChartContent): void;
  /** Moves the crosshair to the point at an index, as the pointer would. */
  moveTo(index: number): void;
  hideCursor(): void;
  /** Where a point is, in CSS pixels from the element's left. */
  leftOf(x: number): number;
  /** Colours and size anew. */
  restyle(): void;
  readonly canvas: HTMLCanvasElement | undefined;
  destroy(): void;
}

/** A chart whose crosshair moves with that of all charts with the same `syncKey`. */
export function createChart(syncKey: string, handlers: ChartHandlers): Chart {
  const element = document.createElement('div');
  element.className = 'plot';
  let content: ChartContent | undefined;
  let plot: uPlot | undefined;
  let built = '';
  /** As the browser told it; to ask the element would lay the whole page out anew, for each chart of it. */
  let size = { width: 0, height: 0 };
  let theme = readTheme();
  /** Charts that only follow another one's crosshair do not tell what they follow; keys tell it by themselves. */
  let hovered = false;

  const build = (): void => {
    plot?.destroy();
    plot = undefined;
    if (!content || size.width === 0 || size.height === 0) return;
    plot = new uPlot(
      {
        ...size,
        ...optionsOf({ content: () => content!, theme: () => theme, syncKey, handlers, leads: () => hovered }),
      },
      dataOf(content),
    );
    element.append(plot.root);
    bindPanAndZoom(plot, () => content!.range, handlers.onRange);
    plot.over.addEventListener('click', () => {
      const index = plot?.cursor.idx;
      if (index !== null && index !== undefined) handlers.onPick(index);
    });
    plot.over.addEventListener('mouseenter', () => (hovered = true));
    plot.over.addEventListener('mouseleave', () => {
      hovered = false;
      handlers.onCursor(undefined);
    });
  };

  // Told before the frame is painted in which the element comes or changes.
  const resize = new ResizeObserver((entries) => {
    const { width, height } = entries.at(-1)!.contentRect;
    size = { width: Math.round(width), height: Math.round(height) };
    if (!plot) build();
    else if (size.width > 0 && size.height > 0 && (size.width !== plot.width || size.height !== plot.height))
      plot.setSize(size);
  });
  resize.observe(element);

  return {
    element,
    show(next) {
      content = next;
      const shape = JSON.stringify([next.log, next.lines.map(({ values: _, ...line }) => line)]);
      if (!plot || shape !== built) {
        built = shape;
        build();
        return;
      }
      const drawn = plot;
      drawn.batch(() => {
        drawn.setData(dataOf(next), false);
        drawn.setScale('x', { min: next.range[0], max: next.range[1] });
      });
    },
    moveTo(index) {
      const x = content?.x[index];
      if (!plot || x === undefined) return;
      plot.setCursor({ left: plot.valToPos(x, 'x'), top: plot.over.clientHeight / 2 }, true);
    },
    hideCursor() {
      plot?.setCursor({ left: -10, top: -10 }, true);
    },
    leftOf: (x) => (plot ? plot.over.offsetLeft + plot.valToPos(x, 'x') : 0),
    restyle() {
      theme = readTheme();
      build();
    },
    get canvas() {
      return plot?.ctx.canvas;
    },
    destroy() {
      resize.disconnect();
      plot?.destroy();
    },
  };
}

function dataOf(content: ChartContent): uPlot.AlignedData {
  // Logarithms of what is not above zero do not exist.
  const drawable = (value: number): boolean => Number.isFinite(value) && (!content.log || value > 0);
  return [
    [...content.x],
    ...content.lines.map(({ values, spanGaps }) =>
      values.map((value) => (drawable(value) ? value : spanGaps === true && Number.isNaN(value) ? undefined : null)),
    ),
  ];
}

interface PlotContext {
  readonly content: () => ChartContent;
  readonly theme: () => ChartTheme;
  readonly syncKey: string;
  readonly handlers: ChartHandlers;
  readonly leads: () => boolean;
}

function optionsOf(context: PlotContext): Omit<uPlot.Options, 'width' | 'height'> {
  const { content, theme, syncKey, handlers, leads } = context;
  const first = content();
  const axis = {
    stroke: () => theme().text,
    font: theme().font,
    grid: { stroke: () => theme().grid, width: 1 },
    ticks: { show: false },
    gap: 6,
  };
  return {
    legend: { show: false },
    padding: [8, 12, 0, 0],
    cursor: {
      sync: { key: syncKey, scales: ['x', null] },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: false, range: () => [...content().range] },
      y: { distr: first.log ? 3 : 1, range: (plot, low, high) => rangeOfY(plot, low, high, content()) },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 60,
        incrs: handlers.ticksX(),
        values: (_plot, ticks) => ticks.map((tick) => handlers.formatX(tick)),
      },
      {
        ...axis,
        size: 52,
        space: 34,
        values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : handlers.formatY(tick))),
      },
    ],
    series: [
      {},
      ...first.lines.map(({ label, color, width, alpha, dash, spanGaps }) => ({
        label,
        stroke: () => theme().series[color],
        width,
        alpha: theme().highContrast ? Math.max(alpha, 0.6) : alpha,
        ...(dash ? { dash: [...dash] } : {}),
        spanGaps: spanGaps ?? false,
        pxAlign: 0,
        // Asked for each drawing: a chart that began with its first step gets thousands.
        points: { show: () => content().x.length <= 2 },
      })),
    ],
    hooks: {
      draw: [(plot) => drawOverlays(plot, content().overlays, theme())],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 6) return;
          handlers.onRange([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [
        (plot) => {
          if (!leads()) return;
          const { idx, left } = plot.cursor;
          handlers.onCursor(idx === null || left === undefined || left < 0 ? undefined : idx);
        },
      ],
    },
  };
}

/** What is drawn in view, with room above and below; evaluations count too. */
function rangeOfY(
  plot: uPlot,
  dataLow: number | null,
  dataHigh: number | null,
  content: ChartContent,
): uPlot.Range.MinMax {
  const { min = content.range[0], max = content.range[1] } = plot.scales['x'] ?? {};
  const extra = overlayRange(content.overlays, min, max);
  const low = Math.min(dataLow ?? Number.POSITIVE_INFINITY, extra?.[0] ?? Number.POSITIVE_INFINITY);
  const high = Math.max(dataHigh ?? Number.NEGATIVE_INFINITY, extra?.[1] ?? Number.NEGATIVE_INFINITY);
  if (!(low <= high)) return content.log ? [0.1, 10] : [0, 1];
  if (content.log) return [low / 1.15, high * 1.15];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  const from = content.fromZero ? Math.min(0, low) : low - 1.6 * room;
  return [from, high + room];
}
