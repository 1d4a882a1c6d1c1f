// Renderings, generation spans and token ids against transformers and the Rust tokenizers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TemplateValue } from '../../src/models/chatTemplate.ts';
import { ProblemError } from '../../src/protocol/problem.ts';
import { loadTokenizer } from '../../src/models/tokenizer.ts';
import { describeWith, requiredPath, runPython } from '../support/requirements.ts';
import { conversations, families, templateOf } from '../unit/data/template/families.ts';

interface Rendered {
  readonly text?: string;
  readonly spans?: [number, number][];
  readonly error?: string;
}

describeWith(['python'], 'chat templates as transformers renders them', () => {
  test('every family, every conversation, with and without the generation prompt', async () => {
    const now = new Date();
    const cases = Object.keys(families).flatMap((family) =>
      Object.entries(conversations).flatMap(([title, { messages, tools }]) =>
        [false, true].map((addGenerationPrompt) => ({ family, title, messages, tools, addGenerationPrompt })),
      ),
    );
    const ours = cases.map(({ family, messages, tools, addGenerationPrompt }): Rendered => {
      const { template, options } = templateOf(family);
      try {
        const settings = { ...options, ...(tools ? { tools } : {}), addGenerationPrompt, now };
        const plain = JSON.parse(JSON.stringify(messages)) as TemplateValue[];
        const text = template.render(plain, settings);
        const marked = template.marksGeneration ? template.renderMarked(plain, settings) : { text, spans: [] };
        expect(marked.text).toBe(text);
        return { text, spans: marked.spans.map(({ start, end }) => [start, end]) };
      } catch (error) {
        if (error instanceof ProblemError) return { error: error.message };
        throw error;
      }
    });
    const jobs = cases.map(({ family, messages, tools, addGenerationPrompt }) => {
      const { template, options } = templateOf(family);
      const variables = { ...options.specialTokens, ...options.variables };
      return {
        source: template.source,
        marked: template.marksGeneration,
        messages,
        tools: tools ?? null,
        addGenerationPrompt,
        variables,
      };
    });
    const theirs = await runPython<Rendered[]>('test/reference/templates.py', { input: { jobs } });
    const differing = cases.flatMap((c, i) => {
      const [a, b] = [ours[i], theirs[i]];
      if (a?.error !== undefined && b?.error !== undefined) return [];
      // Python counts code points.
      const units = (at: number) =>
        Array.from(b?.text ?? '')
          .slice(0, at)
          .join('').length;
      const spans = (b?.spans ?? []).filter(([from, to]) => to > from).map(([from, to]) => [units(from), units(to)]);
      const same = a?.text === b?.text && JSON.stringify(a?.spans) === JSON.stringify(spans);
      return same
        ? []
        : [{ family: c.family, title: c.title, ask: c.addGenerationPrompt, ours: a, theirs: { ...b, spans } }];
    });
    expect(differing.map((d) => [d.family, d.title])).toEqual([]);
    expect(differing).toEqual([]);
    expect(theirs.filter(({ text }) => text !== undefined).length).toBeGreaterThan(500);
  });
});

describeWith(['python', 'smollm2'], 'the tokenizer of SmolLM2', () => {
  test('encodes, decodes and covers nasty texts as the Rust library does', async () => {
    const file = join(requiredPath('smollm2'), 'tokenizer.json');
    const config: unknown = JSON.parse(readFileSync(join(requiredPath('smollm2'), 'tokenizer_config.json'), 'utf8'));
    const tokenizer = loadTokenizer(JSON.parse(readFileSync(file, 'utf8')), config);
    const golden = JSON.parse(readFileSync('test/fixtures/tokenizers/golden.json', 'utf8')) as {
      gpt2: { text: string }[];
    };
    const texts = [...golden.gpt2.map(({ text }) => text), ...sources(), ...noise(200)];
    const theirs = await runPython<{ ids: number[]; decoded: string }[]>('test/reference/encode_texts.py', {
      input: { file, texts },
    });
    texts.forEach((text, i) => {
      const { ids, starts, ends } = tokenizer.encodeWithOffsets(text, { addSpecialTokens: false });
      expect([text, ids]).toEqual([text, theirs[i]?.ids]);
      expect(tokenizer.decode(ids)).toBe(theirs[i]?.decoded);
      // The tokens cover the whole text, in order.
      let covered = 0;
      ids.forEach((_, k) => {
        expect(starts[k]).toBeLessThanOrEqual(covered);
        covered = Math.max(covered, ends[k] ?? 0);
      });
      expect(covered).toBe(text.length);
    });
  });
});

/** Real texts with code, tables and other languages. */
function sources(): string[] {
  return ['package.json', 'src/models/tokenizer.ts', 'test/fixtures/tokenizers/make.py', 'docs/config.md'].map((path) =>
    readFileSync(path, 'utf8'),
  );
}

/** Strings of characters from every part of Unicode, the same in every run. */
function noise(count: number): string[] {
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const blocks = [
    0x20, 0x41, 0x61, 0xa0, 0x300, 0x400, 0x5d0, 0x900, 0x1100, 0x2000, 0x3040, 0x4e00, 0xac00, 0xff00, 0x1f600,
  ];
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + next(60) }, () =>
      String.fromCodePoint((blocks[next(blocks.length)] ?? 0x20) + next(64)),
    ).join(''),
  );
}
