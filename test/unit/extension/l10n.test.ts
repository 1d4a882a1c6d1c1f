// Every text of extension and panels has a translation with the same placeholders, and no translation is left over.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { englishPhrases } from '../../../src/protocol/phrases.ts';
import bundle from '../../../l10n/bundle.l10n.zh-cn.json' with { type: 'json' };

/** First arguments of `t(…)`, wherever they are written out. */
export function textsOf(source: string): string[] {
  return [...source.matchAll(/\bt\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)].map(([, single, double]) =>
    (single ?? double ?? '').replace(/\\(.)/g, '$1'),
  );
}

function textsIn(folder: string): Set<string> {
  if (!existsSync(folder)) return new Set();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Set(files.flatMap((name) => textsOf(readFileSync(join(folder, name), 'utf8'))));
}

const texts = new Set([...textsIn('src/extension'), ...textsIn('webview-ui')]);

test('texts are found in every form', () => {
  expect(textsOf(`t('a'); l10n.t(\n  'it\\'s {0}', 1); t("b", 2); at('no'); t(name)`)).toEqual(['a', "it's {0}", 'b']);
});

test('every text is translated', () => {
  expect(texts.size).toBeGreaterThan(150);
  expect([...texts].filter((text) => !Object.hasOwn(bundle, text))).toEqual([]);
});

test('no translation is left over', () => {
  expect(Object.keys(bundle).filter((text) => !texts.has(text))).toEqual([]);
});

test('translations keep the placeholders', () => {
  const placeholders = (text: string) => [...new Set(text.match(/\{\d\}|\$\([\w-]+\)/g) ?? [])].toSorted();
  const wrong = Object.entries(bundle).filter(
    ([text, other]) => placeholders(text).join() !== placeholders(other).join(),
  );
  expect(wrong).toEqual([]);
});

test("the server's phrases are handed over word for word, to be translated", () => {
  const texts = textsOf(readFileSync('src/extension/language/phrases.ts', 'utf8'));
  expect(texts).toEqual(Object.values(englishPhrases));
});
