// Texts of a row that no replaced character leads to, looked for as they are: signs alone, numbers, names in objects.
import { inJson, putInJson } from './gaps.ts';
import type { Origins } from './origins.ts';
import { put } from './origins.ts';
import type { RowText } from './rowTexts.ts';

/**
 * Looks for texts in what is unknown of the rendered text, after the texts that come before them in the row, then
 * anywhere. Names and plain values come last and must stand between signs, as JSON writes them. `wanted`: texts that may be there.
 */
export function searchTexts(
  origins: Origins,
  rendered: string,
  texts: readonly RowText[],
  wanted: (text: RowText, index: number) => boolean,
): void {
  const ends = new Int32Array(texts.length).fill(-1);
  origins.text.forEach((text, unit) => {
    if (text >= 0) ends[text] = unit + 1;
  });
  for (const round of ['text', 'rest'] as const) {
    let cursor = 0;
    texts.forEach((text, index) => {
      const known = ends[index] ?? -1;
      if (known >= 0) cursor = known;
      const searched = text.value.trim();
      if (known >= 0 || searched === '' || (round === 'text') !== (text.kind === 'text') || !wanted(text, index))
        return;
      const lead = text.value.indexOf(searched);
      for (const written of new Set([searched, inJson(searched)])) {
        const at = find(origins, rendered, written, cursor, text) ?? find(origins, rendered, written, 0, text);
        if (at === undefined) continue;
        if (written !== searched) putInJson(origins, at, searched, index, lead);
        else
          for (let unit = 0; unit < searched.length; unit += 1)
            put(origins, at + unit, { text: index, from: lead + unit, to: lead + unit + 1 });
        cursor = at + written.length;
        ends[index] = cursor;
        return;
      }
    });
  }
}

function find(origins: Origins, rendered: string, searched: string, from: number, text: RowText): number | undefined {
  for (let at = rendered.indexOf(searched, from); at >= 0; at = rendered.indexOf(searched, at + 1)) {
    const end = at + searched.length;
    const isFree = origins.text.subarray(at, end).every((known) => known < 0);
    const stands = text.kind === 'text' || !/[\p{L}\p{N}_]/u.test((rendered[at - 1] ?? '') + (rendered[end] ?? ''));
    if (isFree && stands) return at;
  }
  return undefined;
}
