// YAML and JSON configs to keys: every leaf with its line; a list of plain values is one leaf.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { problem, type Place } from '../../../protocol/problem.ts';
import { nameAndIndexes, type Source, type SourceKey } from '../source.ts';

/** Keys of a YAML or JSON text. `sections` are blocks whose names say nothing. Throws `import/not-readable`. */
export function readYaml(text: string, file: string, sections: readonly string[]): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: true });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [error] = document.errors;
  if (error) {
    const what = error.message.replace(/\.$/, '');
    throw problem(
      'import/not-readable',
      `This is not valid YAML: ${what}. Mend it, then import again.`,
      placeAt(error.pos[0]),
    );
  }
  if (!isMap(document.contents))
    throw problem('import/no-keys', 'This file has no keys, such as `learning_rate: 2e-4`, to import.', placeAt(0));
  const found: { path: string; value: unknown; place: Place }[] = [];
  visit(document, document.contents, '', placeAt(0), placeAt, (path, value, place) =>
    found.push({ path, value, place }),
  );
  return { dialect: 'yaml', keys: withoutRepeats(found, sections), remarks: [] };
}

type Add = (path: string, value: unknown, place: Place) => void;

function visit(
  document: Document,
  node: unknown,
  path: string,
  place: Place,
  placeAt: (offset: number) => Place,
  add: Add,
): void {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isMap(target) && target.items.length > 0) {
    for (const { key, value } of target.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const at = isScalar(key) && key.range ? placeAt(key.range[0]) : place;
      // A merge (`<<: *base`) stands for the keys of what it names.
      const inner = name === '<<' ? path : path === '' ? name : `${path}.${name}`;
      visit(document, value, inner, at, placeAt, add);
    }
    return;
  }
  if (isSeq(target) && target.items.some((item) => isMap(item))) {
    for (const [index, item] of target.items.entries()) visit(document, item, `${path}[${index}]`, place, placeAt, add);
    return;
  }
  add(path, plain(target, document), place);
}

/** Values as Python's YAML would hand them over: dates, sets and the like stay texts. */
function plain(node: unknown, document: Document): unknown {
  if (isMap(node) || isSeq(node)) return node.toJS(document) as unknown;
  return isScalar(node) ? node.value : node;
}

/** Of a key that stands twice, Python's YAML takes the last. */
function withoutRepeats(
  found: readonly { path: string; value: unknown; place: Place }[],
  sections: readonly string[],
): SourceKey[] {
  const last = new Map(found.map(({ path, place }) => [path, place]));
  return found.map(({ path, value, place }) => {
    const section = sections.find((name) => path.startsWith(`${name}.`));
    const bare = section === undefined ? path : path.slice(section.length + 1);
    const decisive = last.get(path);
    return {
      shown: path,
      ...nameAndIndexes(bare),
      ...(section === undefined ? {} : { scope: section }),
      value,
      place,
      ...(decisive === place ? {} : { overruled: `The same key on line ${decisive?.line ?? 1} has the say.` }),
    };
  });
}
