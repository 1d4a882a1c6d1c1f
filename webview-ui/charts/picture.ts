// Charts as one PNG, with their titles, in the colours of the theme.

import type { ChartCard } from './card.ts';
import { readTheme } from './theme.ts';

/** CSS pixels around and between charts. */
const gap = 16;
const titleHeight = 24;
const headHeight = 36;

/** The charts one below the other; undefined when none has been drawn. */
export async function chartsPicture(heading: string, cards: readonly ChartCard[]): Promise<Uint8Array | undefined> {
  const drawn = cards.flatMap((card) => (card.chart.canvas ? [{ title: card.title, canvas: card.chart.canvas }] : []));
  if (drawn.length === 0) return undefined;
  const ratio = devicePixelRatio;
  const theme = readTheme();
  const width = Math.max(...drawn.map(({ canvas }) => canvas.width)) + 2 * gap * ratio;
  const heights = drawn.map(({ canvas }) => canvas.height + (titleHeight + gap) * ratio);
  const picture = document.createElement('canvas');
  picture.width = width;
  picture.height = headHeight * ratio + heights.reduce((sum, height) => sum + height, 0) + gap * ratio;
  const ctx = picture.getContext('2d');
  if (!ctx) return undefined;
  ctx.fillStyle = theme.background;
  ctx.fillRect(0, 0, picture.width, picture.height);
  ctx.fillStyle = theme.strongText;
  const family = theme.font.replace(/^\S+\s/, '');
  ctx.font = `600 ${15 * ratio}px ${family}`;
  ctx.fillText(heading, gap * ratio, 26 * ratio);
  let top = headHeight * ratio;
  ctx.font = `600 ${12 * ratio}px ${family}`;
  for (const [index, { title, canvas }] of drawn.entries()) {
    ctx.fillText(title, gap * ratio, top + 16 * ratio);
    ctx.drawImage(canvas, gap * ratio, top + titleHeight * ratio);
    top += heights[index]!;
  }
  const blob = await new Promise<Blob | null>((resolve) => {
    picture.toBlob(resolve, 'image/png');
  });
  return blob ? new Uint8Array(await blob.arrayBuffer()) : undefined;
}
