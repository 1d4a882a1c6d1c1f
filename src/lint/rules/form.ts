// Rules about the characters and fields of a row, before anything is made of it.
import { requiredFields } from '../../data/formats/format.ts';
import type { LintRow } from '../row.ts';
import { firstMatches, nothing, type Report, type RowRule } from './rule.ts';

/** `U+200B` */
function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

const control = /\p{Cc}/gu;
const invisible = /[\u200b\u2060\ufeff]/g;
/** UTF-8 that was read as Windows-1252 or Latin-1 and written again, and the mark of lost characters. */
const mojibake =
  /(?:[ÃÂ][\u0080-\u00bf]|â(?:€[\u0080-\u00ff\u0152-\u2122]|[\u0080-\u009f][\u0080-\u00bf])|ï¿½|\ufffd)+/g;
const loneSurrogate = /\p{Surrogate}/gu;

function emptyFields(row: LintRow): readonly Report[] {
  if (row.looks === 'unknown' || row.looks === 'preference' || row.turns.length > 0) return nothing;
  // The data room itself tells of an empty output.
  const asked = requiredFields[row.looks].filter((field) => field !== 'output');
  return asked.flatMap((field) => {
    const name = row.columns[field] ?? field;
    const value = row.value[name];
    const isEmpty = typeof value === 'string' && value.trim() === '';
    return isEmpty ? [{ message: `The field "${name}" is empty. Fill it in or leave the row out.`, path: [name] }] : [];
  });
}

export const formRules: readonly RowRule[] = [
  {
    code: 'form/control-character',
    group: 'form',
    severity: 'warning',
    title: 'A control character in a text',
    check: (row) =>
      row.isForeign || /\\[bf]|\x7f/.test(row.text)
        ? firstMatches(row.leaves, control, ([character]) =>
            '\n\r\t'.includes(character)
              ? undefined
              : {
                  message: `The text holds the control character ${codePoint(character)}, which nobody sees and the model learns. Remove it.`,
                  replacement: { title: 'Remove the control character', text: '' },
                },
          )
        : nothing,
  },
  {
    code: 'form/zero-width',
    group: 'form',
    severity: 'warning',
    title: 'An invisible character in a text',
    check: (row) =>
      row.isForeign
        ? firstMatches(row.leaves, invisible, ([character]) => ({
            message: `The text holds the invisible character ${codePoint(character)}, which changes its tokens. Remove it.`,
            replacement: { title: 'Remove the invisible character', text: '' },
          }))
        : nothing,
  },
  {
    code: 'form/mojibake',
    group: 'form',
    severity: 'warning',
    title: 'Characters that were decoded wrongly',
    check: (row) =>
      row.isForeign
        ? firstMatches(row.leaves, mojibake, ([text]) => ({
            message: `“${text.slice(0, 12)}” looks like UTF-8 that was read in another encoding. Restore the text from its source.`,
          }))
        : nothing,
  },
  {
    code: 'form/lone-surrogate',
    group: 'form',
    severity: 'error',
    title: 'Half a character',
    check: (row) =>
      row.isForeign
        ? firstMatches(row.leaves, loneSurrogate, ([unit]) => ({
            message: `${codePoint(unit)} is half of a character, which no tokenizer can encode. Restore or remove it.`,
            replacement: { title: 'Remove the broken character', text: '' },
          }))
        : nothing,
  },
  {
    code: 'form/not-nfc',
    group: 'form',
    severity: 'information',
    title: 'Text that is not in Unicode normal form C',
    check: (row) =>
      row.isForeign
        ? row.leaves.flatMap(({ path, text }) => {
            const normal = text.normalize('NFC');
            if (normal === text) return [];
            return [
              {
                message:
                  'The text writes accented letters in pieces (it is not in normal form C), so its tokens are others than those of the same text as most people write it.',
                path,
                part: { start: 0, end: text.length },
                replacement: { title: 'Normalize to NFC', text: normal },
              },
            ];
          })
        : nothing,
  },
  {
    code: 'form/empty-field',
    group: 'form',
    severity: 'warning',
    title: 'A field that is needed is empty',
    check: emptyFields,
  },
];
