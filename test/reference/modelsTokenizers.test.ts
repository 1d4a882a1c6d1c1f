// Tokenizers made from GGUF metadata against the libraries that made the vocabularies: SentencePiece and tokenizers.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readGguf } from '../../src/models/gguf/file.ts';
import { ggufTokenizer } from '../../src/models/gguf/tokenizer.ts';
import { loadTokenizer } from '../../src/models/tokenizer.ts';
import { describeWith, runPython } from '../support/requirements.ts';
import { temporaryFolder } from '../unit/models/temporary.ts';

const path = temporaryFolder();

const texts = [
  'Hello world, this is a test of the tokenizer.',
  '  two leading spaces and   three inside ',
  'const x: number = 12345 + 67; // naïve café',
  "I'm sure they'LL say we've DONE it, it's 100% fine",
  'tabs\tand\nnew lines\n\n\n  indented\r\nwindows',
  'emoji 🙂 and 你好 and e\u0301 and ﬁ',
  '2024-01-31 3.14159 1,000,000',
  'camelCaseWords AND_SNAKE_CASE HTTPServer',
  ' 1  12   123',
  'x',
];

/** English and code at hand everywhere: the project's own sources. */
async function corpus(): Promise<string[]> {
  const folder = 'src/models';
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const sources = await Promise.all(names.slice(0, 12).map((name) => readFile(join(folder, name), 'utf8')));
  return [...sources.flatMap((source) => source.split('\n')), ...texts];
}

function open(file: string) {
  const { tokenizer, tokenizerConfig } = ggufTokenizer(readGguf(file));
  return loadTokenizer(tokenizer, tokenizerConfig);
}

describeWith(['python'], 'SentencePiece vocabularies from GGUF', () => {
  test('ids and texts are those of SentencePiece', async () => {
    const file = path('spm.gguf');
    const input = { file, texts, corpus: await corpus() };
    const expected = await runPython<{ ids: number[][]; decoded: string[] }>('test/reference/models_tokenizers.py', {
      input,
    });
    const tokenizer = open(file);
    texts.forEach((text, i) => {
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      expect(ids, text).toEqual(expected.ids[i]);
      expect(tokenizer.decode(ids)).toBe(expected.decoded[i]);
      expect(tokenizer.encode(text, { addSpecialTokens: true })).toEqual([1, ...ids]);
    });
  });
});

describeWith(['python'], 'byte-level vocabularies from GGUF', () => {
  const kinds = ['gpt-2', 'smollm', 'llama-bpe', 'qwen2', 'tekken', 'gpt-4o'];
  let expected: Record<string, number[][]> = {};
  beforeAll(async () => {
    const input = { folder: path(), kinds, texts, corpus: await corpus() };
    expected = await runPython('test/reference/models_bpe.py', { input });
  });

  test.each(kinds)('%s: ids are those of the tokenizers library', (kind) => {
    const tokenizer = open(path(`${kind}.gguf`));
    texts.forEach((text, i) => {
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      expect(ids, text).toEqual(expected[kind]![i]);
      expect(tokenizer.decode(ids)).toBe(kind === 'qwen2' ? text.normalize('NFC') : text);
    });
  });
});
