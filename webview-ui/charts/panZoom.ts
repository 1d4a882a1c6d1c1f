// Moving about in a chart: Shift and drag pans, Ctrl or ⌘ and the wheel zooms, a sideways wheel pans.

import type uPlot from 'uplot';

type Range = readonly [number, number];

/** Zooms in about `centre` by `factor` below 1, or out above it. */
export function zoomed([min, max]: Range, centre: number, factor: number): Range {
  return [centre - (centre - min) * factor, centre + (max - centre) * factor];
}

export function panned([min, max]: Range, distance: number): Range {
  return [min + distance, max + distance];
}

/** Listens on the plot area. `onRange` may be called at every movement of the pointer. */
export function bindPanAndZoom(plot: uPlot, range: () => Range, onRange: (range: Range) => void): void {
  const perPixel = (): number => {
    const [min, max] = range();
    return (max - min) / Math.max(1, plot.over.clientWidth);
  };

  plot.over.addEventListener(
    'mousedown',
    (down) => {
      if (!down.shiftKey || down.button !== 0) return;
      // Before uPlot sees it as the beginning of a selection.
      down.stopImmediatePropagation();
      down.preventDefault();
      const from = range();
      const scale = perPixel();
      const move = (event: MouseEvent): void => onRange(panned(from, (down.clientX - event.clientX) * scale));
      const end = (): void => {
        window.removeEventListener('mousemove', move);
        window.removeEventListener('mouseup', end);
      };
      window.addEventListener('mousemove', move);
      window.addEventListener('mouseup', end);
    },
    { capture: true },
  );

  plot.over.addEventListener(
    'wheel',
    (event) => {
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        onRange(zoomed(range(), plot.posToVal(event.offsetX, 'x'), event.deltaY > 0 ? 1.25 : 0.8));
      } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        event.preventDefault();
        onRange(panned(range(), sideways * perPixel()));
      }
    },
    { passive: false },
  );
}
