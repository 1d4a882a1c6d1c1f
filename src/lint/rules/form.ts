// Rules about the characters and fields of a row, before anything is made of it.
import { requiredFields } from '../../data/formats/format.ts';
import { nameOf, type LintRow } from '../row.ts';
import { sign } from '../signs.ts';
import { mended, mojibake } from './mojibake.ts';
import { firstMatches, nothing, removeRow, replaceAll, type Report, type RowRule } from './rule.ts';

/** `U+200B` */
function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

const control = /[^\P{Cc}\n\r\t]/gu;
/** Zero-width space, word joiner, byte order mark. Joiners inside of words and emoji have a meaning. */
const invisible = /[\u200b\u2060\ufeff]/g;
const loneSurrogate = /\p{Surrogate}/gu;

const remove = (): string => '';

function emptyFields(row: LintRow): readonly Report[] {
  if (row.looks === 'unknown' || row.looks === 'preference' || row.turns.length > 0) return nothing;
  // The data room itself tells of an empty output.
  const asked = requiredFields[row.looks].filter((field) => field !== 'output');
  return asked.flatMap((field) => {
    const name = nameOf(row, field);
    const value = row.value[name];
    const isEmpty = typeof value === 'string' && value.trim() === '';
    const message = `The field "${name}" is empty. Fill it in or leave the row out.`;
    return isEmpty ? [{ message, path: [name], change: removeRow }] : [];
  });
}

/** Most rows have letters beyond ASCII at most, and need no closer look. */
function isOdd({ signs }: LintRow): boolean {
  return (signs & sign.odd) !== 0;
}

export const formRules: readonly RowRule[] = [
  {
    code: 'form/control-character',
    group: 'form',
    severity: 'warning',
    title: 'A control character in a text',
    fix: 'removes all control characters of the text',
    check: (row) =>
      (row.signs & sign.control) !== 0 || isOdd(row)
        ? firstMatches(row.leaves(), control, ([character], leaf) => ({
            message: `The text holds the control character ${codePoint(character)}, which nobody sees and the model learns. Remove it.`,
            change: () => replaceAll('Remove the control characters', leaf, control, remove),
          }))
        : nothing,
  },
  {
    code: 'form/zero-width',
    group: 'form',
    severity: 'warning',
    title: 'An invisible character in a text',
    fix: 'removes all invisible characters of the text',
    check: (row) =>
      isOdd(row)
        ? firstMatches(row.leaves(), invisible, ([character], leaf) => ({
            message: `The text holds the invisible character ${codePoint(character)}, which changes its tokens. Remove it.`,
            change: () => replaceAll('Remove the invisible characters', leaf, invisible, remove),
          }))
        : nothing,
  },
  {
    code: 'form/mojibake',
    group: 'form',
    severity: 'warning',
    title: 'Characters that were decoded wrongly',
    fix: 'decodes the characters again, where that gives text',
    check: (row) =>
      isOdd(row)
        ? firstMatches(row.leaves(), mojibake, ([text], leaf) => ({
            message: `“${text.slice(0, 12)}” looks like UTF-8 that was read in another encoding. Restore the text from its source.`,
            change: () => replaceAll('Decode the characters again', leaf, mojibake, (part) => mended(part) ?? part),
          }))
        : nothing,
  },
  {
    code: 'form/lone-surrogate',
    group: 'form',
    severity: 'error',
    title: 'Half a character',
    fix: 'removes the halves',
    check: (row) =>
      isOdd(row)
        ? firstMatches(row.leaves(), loneSurrogate, ([unit], leaf) => ({
            message: `${codePoint(unit)} is half of a character, which no tokenizer can encode. Restore or remove it.`,
            change: () => replaceAll('Remove the broken characters', leaf, loneSurrogate, remove),
          }))
        : nothing,
  },
  {
    code: 'form/not-nfc',
    group: 'form',
    severity: 'information',
    title: 'Text that is not in Unicode normal form C',
    fix: 'normalises the text',
    check: (row) =>
      (row.signs & sign.decomposed) !== 0
        ? row.leaves().flatMap(({ path, text }): Report[] => {
            const normal = text.normalize('NFC');
            if (normal === text) return [];
            const message =
              'The text writes accented letters in pieces (it is not in normal form C), so its tokens are others than those of the same text as most people write it.';
            const edits = [{ replace: path, text: normal }];
            return [{ message, path, change: () => ({ title: 'Normalise to form C', edits }) }];
          })
        : nothing,
  },
  {
    code: 'form/empty-field',
    group: 'form',
    severity: 'warning',
    title: 'A field that is needed is empty',
    fix: 'removes the row',
    check: emptyFields,
  },
];
