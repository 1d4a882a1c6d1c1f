// The quickstart's own judgement and words; the whole of it runs in test/process/quickstart.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quickstartFiles, readHeldOutRows } from '../../../src/cli/quickstart/example.ts';
import { howToCall } from '../../../src/cli/quickstart/invocation.ts';
import { exactMatch, tellingRows } from '../../../src/cli/quickstart/measure.ts';
import { answersLines, exactMatchLine, nextLines, placesLines } from '../../../src/cli/quickstart/report.ts';
import { createStyle } from '../../../src/cli/render/style.ts';

const rows = ['A one', 'A two', 'B three', 'C four'].map((instruction, i) => ({ instruction, output: `${i}` }));
const context = { columns: 80, style: createStyle(false), directory: '/home/ana' };

describe('the score', () => {
  test('counts exact answers only', () => {
    expect(exactMatch(['0', '1', '2', '3'], rows)).toBe(1);
    expect(exactMatch(['0', '1 ', 'two', ''], rows)).toBe(0.25);
    expect(exactMatch([], [])).toBe(0);
  });

  test('is told in a form that scripts can look for', () => {
    expect(exactMatchLine('before', 0.02)).toBe('exact match before: 2.0 %');
    expect(exactMatchLine('after', 0.965)).toBe('exact match after: 96.5 %');
  });

  test('shows rows that were learned, with different beginnings, before others', () => {
    expect(tellingRows(rows, ['', '', '', '3'], ['x', '1', '2', '3'], 3)).toEqual([1, 2, 3]);
  });
});

describe('the report', () => {
  const places = {
    runFolder: '/home/ana/.finetune/runs/quickstart-1',
    trained: '/home/ana/.finetune/runs/quickstart-1/model',
    model: '/opt/my tools/examples/quickstart/starter-model',
    config: '/opt/my tools/examples/quickstart/quickstart.finetune.yaml',
    train: '/opt/t.jsonl',
    heldOut: '/opt/h.jsonl',
  };

  test('fits 80 columns and shortens what lies below the current folder', () => {
    const long = '{"customer": "Ana", "item": "cup", "color": "red", "quantity": 4, "due": "12 September"}';
    const samples = [{ prompt: 'Ana wants 4 red cups by 12 September.', expected: long, before: '', after: long }];
    const lines = [
      ...answersLines(samples, context),
      ...placesLines(places, context),
      ...nextLines('npx finetune', places, 'Ana wants 4 red cups.', context),
    ];
    expect(lines.filter((line) => line.length > 80 && !line.includes('/opt/'))).toEqual([]);
    expect(lines).toContain('  before    (nothing)');
    expect(lines).toContain('  run       .finetune/runs/quickstart-1');
  });

  test('quotes paths with spaces in commands', () => {
    const lines = nextLines('finetune', places, 'x', context).join('\n');
    expect(lines).toContain(`finetune start "${places.config}" --set training.epochs=8`);
  });

  test('names the program as it can be called from here', () => {
    const script = resolve('dist/cli.js');
    expect(howToCall(script, process.cwd())).toBe('npx finetune');
    expect(howToCall(script, resolve('examples/quickstart'))).toBe('npx finetune');
    expect(howToCall('/usr/local/bin/finetune', '/tmp')).toBe('finetune');
    expect(howToCall(script, resolve('/nowhere'))).toBe(`node ${script}`);
  });
});

describe('the example', () => {
  test('is in the package', async () => {
    const heldOut = await readHeldOutRows();
    expect(heldOut).toHaveLength(200);
    expect(quickstartFiles.config).toBe(resolve('examples/quickstart/quickstart.finetune.yaml'));
  });

  test.each(['{"instruction": "a"}', '[]', 'null', '{"instruction'])(
    'names the line of a broken row: %s',
    async (line) => {
      const folder = mkdtempSync(join(tmpdir(), 'finetune-quickstart-'));
      const file = join(folder, 'rows.jsonl');
      writeFileSync(file, `{"instruction": "a", "output": "b"}\n\n${line}\n`);
      await expect(readHeldOutRows(file)).rejects.toMatchObject({
        problems: [{ code: 'cli/broken-example', place: { file, line: 3 } }],
      });
      rmSync(folder, { recursive: true });
    },
  );
});
