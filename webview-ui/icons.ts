// The few signs that buttons carry, as line drawings in the colour of the text around them.

const svg = 'http://www.w3.org/2000/svg';

/** Paths in a square of 16 by 16. */
const drawings = {
  table: 'M2 3h12v10H2z M2 6.5h12 M2 9.75h12 M6.5 6.5v6.5',
  chart: 'M2 2v12h12 M4.5 11l3-4 2.5 2 3.5-5',
  reset: 'M3 8a5 5 0 1 0 1.6-3.7 M3 2v3h3',
  close: 'M4 4l8 8 M12 4l-8 8',
  more: 'M3.5 8h.01 M8 8h.01 M12.5 8h.01',
  check: 'M3 8.5l3.2 3L13 4.5',
  cross: 'M4.5 4.5l7 7 M11.5 4.5l-7 7',
  up: 'M8 13V3 M4 7l4-4 4 4',
  down: 'M8 3v10 M4 9l4 4 4-4',
} as const;

export type IconName = keyof typeof drawings;

/** A decorative sign: what it means must be said in words beside it or in the button's label. */
export function icon(name: IconName): SVGSVGElement {
  const drawing = document.createElementNS(svg, 'svg');
  drawing.setAttribute('viewBox', '0 0 16 16');
  drawing.setAttribute('class', `icon icon-${name}`);
  drawing.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', drawings[name]);
  drawing.append(path);
  return drawing;
}
