// Seeded defects are found where they are, and clean rows are left in peace. bench/lintDefects.mjs is the large version.
import { describe, expect, test } from 'vitest';
import { lintText } from '../../../src/lint/document.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { seededFile, seedFormats } from '../../support/lintSeeds.ts';
import { uniform } from '../../support/random.ts';

describe.each(seedFormats)('rows of format %s', (format) => {
  const file = seededFile(format, 700, 2, uniform(`lint ${format}`));
  const findings = lintText(file.text, defaultSettings);
  const lines = file.text.split('\n');

  test('every seeded defect is found on its line', () => {
    const found = new Set(findings.map(({ line, code }) => `${line} ${code}`));
    expect([...file.expected].map(([line, code]) => `${line} ${code}`).filter((seed) => !found.has(seed))).toEqual([]);
  });

  test('clean rows have no findings', () => {
    const related = new Set(findings.map(({ relatedLine }) => relatedLine));
    expect(findings.filter(({ line }) => !file.expected.has(line) && !related.has(line))).toEqual([]);
  });

  test('every range lies inside its line, and no message tells what it hides', () => {
    for (const { line, start, end, code, message } of findings) {
      const text = lines[line - 1]!;
      expect(start, code).toBeGreaterThanOrEqual(0);
      expect(end, code).toBeGreaterThanOrEqual(start);
      expect(end, code).toBeLessThanOrEqual(text.length);
      if (code.startsWith('safety/') && code !== 'safety/private-key')
        expect(message).not.toContain(text.slice(start, end));
    }
  });
});
