// What a YAML parser complains about, in a person's words: what is wrong on this line and what to do.

import type { Document, YAMLError } from 'yaml';
import type { Place, Problem } from '../protocol/problem.ts';
import type { PlaceAt } from './tree.ts';

/** The first character that no text file has, if any: NUL bytes and bytes that are not UTF-8. */
export function findBadCharacters(text: string, placeAt: PlaceAt): Problem | undefined {
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    return {
      code: 'config/not-text',
      severity: 'error',
      message: 'There is a NUL byte here, so this is not a text file, or it is saved as UTF-16. Save it as UTF-8.',
      place: placeAt(nul, nul + 1),
    };
  }
  const replaced = text.indexOf('\uFFFD');
  if (replaced === -1) return undefined;
  return {
    code: 'config/not-text',
    severity: 'error',
    message: 'There is a byte here that is not UTF-8. Save the file as UTF-8.',
    place: placeAt(replaced, replaced + 1),
  };
}

/** Every repeated field, and the first other error: those after it are mostly its echo. */
export function syntaxProblems(document: Document.Parsed, text: string, placeAt: PlaceAt): Problem[] {
  const unresolvedTags = document.warnings.filter((warning) => warning.code === 'TAG_RESOLVE_FAILED');
  const faults: YAMLError[] = [...document.errors, ...unresolvedTags].sort((a, b) => a.pos[0] - b.pos[0]);
  const other = faults.find((fault) => fault.code !== 'DUPLICATE_KEY');
  if (other) return [syntaxProblem(other, text, placeAt)];
  return faults.map((fault) => duplicateKey(keyAt(text, fault.pos[0]), placeAt(fault.pos[0], fault.pos[1])));
}

function syntaxProblem(fault: YAMLError, text: string, placeAt: PlaceAt): Problem {
  const start = Math.min(fault.pos[0], text.length);
  return {
    code: 'config/yaml-syntax',
    severity: 'error',
    message: explain(fault, text, start),
    place: placeAt(start, Math.min(fault.pos[1], text.length)),
  };
}

function explain(fault: YAMLError, text: string, start: number): string {
  const character = text.slice(start, start + 1);
  switch (fault.code) {
    case 'TAB_AS_INDENT':
      return 'This line is indented with a tab, and YAML allows only spaces. Replace the tab by spaces.';
    case 'BAD_INDENT':
      return /must be sufficiently indented/.test(fault.message)
        ? openBracket(fault.message.slice(-1), text.slice(start).trim() === '')
        : 'This line is not indented like its neighbours. Fields of one block begin in the same column.';
    case 'MISSING_CHAR':
      return explainMissing(fault.message);
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return /^[^\n:]*(\n|$)/.test(text.slice(start))
        ? noColon
        : 'There is a second `: ` in this value, or this line is indented deeper than the field above. Put a text with a colon in quotes; begin fields of one block in the same column.';
    case 'BAD_SCALAR_START':
      return `A text cannot begin with \`${character}\` in YAML. Put it in quotes.`;
    case 'BAD_DQ_ESCAPE':
      return 'This backslash begins no escape that YAML knows. In double quotes write `\\\\`, or use single quotes or `/` in paths.';
    case 'MULTIPLE_DOCS':
      return 'A second document begins here (`---`), but a config file describes one run. Write one file for each run.';
    case 'TAG_RESOLVE_FAILED':
      return 'Tags such as `!name` have no meaning in a config. Remove it, or put the text in quotes.';
    case 'RESOURCE_EXHAUSTION':
      return 'This config is nested too deeply to be read.';
    default:
      return `This is not valid YAML: ${lowerFirst(fault.message)}. Look for a missing quote, bracket or \`: \` on this line or the one above; a text with any of \`{ } [ ] , # : \` goes in quotes.`;
  }
}

const noColon = 'There is no `: ` after the name of this field. Write `name: value`.';

function openBracket(closing: string, atEnd: boolean): string {
  return atEnd
    ? `A bracket is never closed. Put ${closing} at its end.`
    : `A bracket opened above is not closed before this line. Close it with ${closing}, or indent this line.`;
}

function explainMissing(message: string): string {
  if (message.includes('map values')) return noColon;
  const quote = /closing (["'])quote/.exec(message)?.[1];
  if (quote) return `A text opened with ${quote} is never closed. Put ${quote} at its end.`;
  const bracket = /end with an? (.)$/.exec(message)?.[1];
  if (bracket) return openBracket(bracket, true);
  return `Something is missing here: ${lowerFirst(message)}.`;
}

function duplicateKey(key: string, place: Place): Problem {
  return {
    code: 'config/duplicate-key',
    severity: 'error',
    message: `\`${key}\` is written twice in this block. Keep one of them.`,
    place,
  };
}

function keyAt(text: string, start: number): string {
  return (
    /^[^\s:]+/
      .exec(text.slice(start, start + 100))?.[0]
      .replaceAll(/^["']|["']$/g, '')
      .trim() ?? ''
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
