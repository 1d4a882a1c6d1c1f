// Texts in the person's language: English where there is no translation. The host brings the bundle.

import type { PanelStrings } from '../src/protocol/webviewMessages.ts';

let bundle: PanelStrings = {};
let locale = 'en';

export function useStrings(strings: PanelStrings, language: string): void {
  bundle = strings;
  locale = language;
}

/** The text, translated, with `{0}`, `{1}` … replaced, as `vscode.l10n.t` does. */
export function t(english: string, ...parts: readonly (string | number)[]): string {
  const text = Object.hasOwn(bundle, english) ? bundle[english]! : english;
  return text.replace(/\{(\d+)\}/g, (whole, index: string) => {
    const part = parts[Number(index)];
    return part === undefined ? whole : String(part);
  });
}

/** `14:32`, with the day when it is not today's. */
export function clockTime(milliseconds: number, now: number): string {
  const date = new Date(milliseconds);
  const sameDay = date.toDateString() === new Date(now).toDateString();
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return format(date, sameDay ? time : { ...time, weekday: 'short', day: 'numeric', month: 'short' });
}

/** `14:32:05`. */
export function clockSeconds(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return format(date, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
}

/** `2026-01-31 14:32`, in the person's way. */
export function dayAndTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : format(date, { dateStyle: 'medium', timeStyle: 'short' });
}

function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  try {
    return new Intl.DateTimeFormat(locale, options).format(date);
  } catch {
    return new Intl.DateTimeFormat('en', options).format(date);
  }
}
