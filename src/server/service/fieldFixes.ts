// Quick fixes of fields that are not known, missing or empty: what somebody wrote is kept where it can be told what it was.
import { formatPath, parentPath, parsePath, valueAt } from '../../config/path.ts';
import { resolveNode, schemaAt } from '../../config/schema.ts';
import { suggestFields, type FieldSuggestion } from '../../config/suggest.ts';
import { takesValue } from '../../config/validate.ts';
import { showValue } from '../../config/words.ts';
import { dataFilesHere } from './fileFixes.ts';
import { remove, type Broken, type Wanted } from './fixParts.ts';
import { foreignValue } from './foreignValue.ts';
import type { Change } from './textChanges.ts';

/** Its field under our name, in its place or where it belongs; else it can only go. */
export function unknownKeyFixes({ path, text }: Broken): Wanted[] {
  const name = parsePath(path)?.at(-1);
  if (typeof name !== 'string') return [];
  const value = valueAt(text.document.value, path);
  const suggestions = suggestFields(parentPath(path), name, value);
  const meant = suggestions.map((suggestion) => {
    const fix = takenOver(path, suggestion, text.document.value);
    return { ...fix, isPreferred: fix.isPreferred === true && suggestions.length === 1 };
  });
  const isRemoved = meant.some(({ changes }) => changes.every(({ kind }) => kind === 'remove'));
  return isRemoved ? meant : [...meant, { ...remove(path), isPreferred: false }];
}

/** A field of another name as the one that is suggested. Preferred where nothing is lost and the value is taken. */
function takenOver(path: string, suggestion: FieldSuggestion, tree: unknown): Wanted {
  const parts = parsePath(path) ?? [];
  const [name, block] = [String(parts.at(-1)), parentPath(path)];
  const schemaBlock = block.replaceAll(/\[\d+\]/g, '[]');
  const isHere = parentPath(suggestion.path) === schemaBlock;
  const short = isHere ? (suggestion.path.split('.').at(-1) ?? '') : suggestion.path;
  const target = isHere ? formatPath([...parts.slice(0, -1), short]) : suggestion.path;
  const value = valueAt(tree, path);
  const ours = foreignValue(name, target, value);
  const there = valueAt(tree, target);
  if (there !== undefined) {
    const isSame = JSON.stringify(there) === JSON.stringify(ours);
    return { ...remove(path), title: `Remove ${path}: ${target} is there`, isPreferred: isSame };
  }
  // What is wrong inside of a block or list has fixes of its own.
  const isPreferred = typeof ours === 'object' || takesValue(parsePath(target) ?? [], ours);
  if (isHere) {
    const changed: Change[] = ours === value ? [] : [{ kind: 'set', path, value: ours }];
    return { title: `Change to ${short}`, changes: [{ kind: 'rename', path, to: short }, ...changed], isPreferred };
  }
  const changes: Change[] = [
    { kind: 'remove', path },
    { kind: 'set', path: target, value: ours },
  ];
  return { title: `Move to ${short}`, changes, isPreferred };
}

/** What was written under another name; else data files that are there; else an example, which is nobody's wish. */
export function missingFixes(broken: Broken): Wanted[] {
  const missing = /^`([^`]+)`/.exec(broken.problem.message)?.[1];
  if (missing === undefined || (broken.path !== '' && !missing.startsWith(broken.path))) return [];
  const field = neededField(missing);
  const misnamed = underAnotherName(field, broken);
  return misnamed.length > 0 ? misnamed : filledIn(field, broken);
}

/** A field without a value goes, unless it is needed: then it gets one. */
export function emptyFixes(broken: Broken): Wanted[] {
  const { path } = broken;
  const name = parsePath(path)?.at(-1);
  if (typeof name !== 'string') return [];
  const isNeeded = schemaAt(parsePath(parentPath(path)) ?? [])?.required?.includes(name) === true;
  return isNeeded ? filledIn(neededField(path), broken) : [remove(path)];
}

/** The field itself; of a block that is needed the first field that it needs. */
function neededField(path: string): string {
  const schema = schemaAt(parsePath(path) ?? []);
  const [required] = schema?.properties ? (schema.required ?? []) : [];
  return required === undefined ? path : `${path}.${required}`;
}

/** Unknown fields, in the block or at the top level, that most likely are the one that is missing. */
function underAnotherName(field: string, { text }: Broken): Wanted[] {
  const tree = text.document.value;
  return [...new Set([parentPath(field), ''])].flatMap((block) => {
    const around: unknown = block === '' ? tree : valueAt(tree, block);
    if (typeof around !== 'object' || around === null || Array.isArray(around)) return [];
    const known = schemaAt(parsePath(block) ?? [])?.properties ?? {};
    return Object.keys(around)
      .filter((name) => !Object.hasOwn(known, name))
      .flatMap((name) => {
        const path = block === '' ? name : `${block}.${name}`;
        const [first, ...others] = suggestFields(block, name, valueAt(tree, path));
        if (first?.path !== field.replaceAll(/\[\d+\]/g, '[]') || others.length > 0) return [];
        const fix = takenOver(path, first, tree);
        return [
          { ...fix, title: `Take ${path} for it: ${fix.title.replace(/^[A-Z]/, (letter) => letter.toLowerCase())}` },
        ];
      });
  });
}

function filledIn(field: string, { facts, text }: Broken): Wanted[] {
  const block = parentPath(field);
  const isEmptyBlock = block !== '' && valueAt(text.document.value, block) === null;
  const add = (value: unknown, isPreferred: boolean, what = ''): Wanted => ({
    title: `Add ${field}: ${showValue(value)}${what}`,
    changes: [
      isEmptyBlock
        ? { kind: 'set', path: block, value: { [field.slice(block.length + 1)]: value } }
        : { kind: 'set', path: field, value },
    ],
    isPreferred,
  });
  const schema = resolveNode(schemaAt(parsePath(field) ?? []) ?? {});
  const words = schema.enum ?? [];
  if (words.length === 1) return [add(words[0], true)];
  const files = /^data\.train(\[\d+\]\.path)?$/.test(field) ? dataFilesHere(facts) : [];
  if (files.length > 0) return files.map((file) => add(file, files.length === 1));
  const example = schema.examples?.[0];
  return example === undefined ? [] : [add(example, false, ', an example')];
}
