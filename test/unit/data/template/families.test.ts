// What is learned of each conversation with each family of chat templates, against files that a person has read.
import { describe, expect, test } from 'vitest';
import { encodeRecord, type EncodedRecord } from '../../../../src/data/template/encodeRecord.ts';
import { ProblemError } from '../../../../src/protocol/problem.ts';
import type { Tokenizer } from '../../../../src/models/types.ts';
import { conversations, families, templateOf, tokenizerOf } from './families.ts';

/** The tokens as text, what is learned between ⟦ and ⟧. */
function marked(row: EncodedRecord, tokenizer: Tokenizer): string {
  const { starts, ends, ids } = tokenizer.encodeWithOffsets(row.text, { addSpecialTokens: false });
  expect([...row.tokens].slice(0, ids.length)).toEqual(ids);
  let written = '';
  let at = 0;
  ids.forEach((_, i) => {
    const from = starts[i] ?? 0;
    const to = ends[i] ?? 0;
    const [here, before] = [row.mask[i] === 1, i > 0 && row.mask[i - 1] === 1];
    if (here && !before) written += '⟦';
    if (!here && before) written += '⟧';
    written += row.text.slice(Math.max(from, at), to);
    at = Math.max(at, to);
  });
  if (row.mask[ids.length - 1] === 1) written += '⟧';
  return row.tokens.length > ids.length ? `${written}⟦+EOS⟧` : written;
}

function learned(name: string): string {
  const tokenizer = tokenizerOf(name);
  const template = templateOf(name);
  return Object.entries(conversations)
    .map(([title, conversation]) => {
      const record = { kind: 'chat' as const, sampleId: title, ...conversation };
      const options = {
        tokenizer,
        template,
        trainOn: 'assistant' as const,
        maxLength: 100_000,
        overflow: 'error' as const,
      };
      try {
        const row = encodeRecord(record, options);
        const notes = row.findings.map((finding) => `(${finding.code})\n`).join('');
        return `======== ${title}\n${notes}${marked(row, tokenizer)}\n`;
      } catch (error) {
        if (error instanceof ProblemError) return `======== ${title}\n${error.message}\n`;
        throw error;
      }
    })
    .join('\n');
}

describe('every family', () => {
  test.each(Object.keys(families))('%s', async (name) => {
    const file = `../../../fixtures/templates/golden/${name.toLowerCase().replace(/[^a-z0-9.]+/g, '-')}.txt`;
    await expect(learned(name)).toMatchFileSnapshot(file);
  });
});
