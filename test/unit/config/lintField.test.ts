// data.lint: its codes are those of the lint rules, and a wrong one is told with the nearest.
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';
import { schemaAt } from '../../../src/config/schema.ts';
import { lintRules } from '../../../src/lint/rules/table.ts';

const lint = (text: string) =>
  parseConfig(`version: 1\nmodel: a/b\ndata:\n  train: a.jsonl\n  lint: {${text}}\n`, 'x.yaml');

test('the schema knows every code of a lint rule, and no other', () => {
  const codes = [...new Set(lintRules.map(({ code }) => code))].sort();
  expect(schemaAt(['data', 'lint'])?.propertyNames?.enum).toEqual(codes);
});

test('codes and severities are checked, with their places', () => {
  expect(lint('quality/html: off').config?.data.lint).toEqual({ 'quality/html': 'off' });
  const [code] = lint('quality/htlm: off').problems;
  expect(code?.message).toBe(
    '`quality/htlm` is none of the names that `data.lint` knows. Did you mean `quality/html`?',
  );
  expect(code?.place).toMatchObject({ line: 5, column: 10 });
  const [level] = lint('quality/html: loud').problems;
  expect(level?.code).toBe('config/wrong-value');
  expect(level?.message).toContain('`data.lint.quality/html` is the text "loud", but it must be');
});
