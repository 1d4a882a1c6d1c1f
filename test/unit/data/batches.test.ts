// Parts of a file put together again: what was found in them, their rows as bytes, and their tokens in a cache entry.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CacheWriter } from '../../../src/data/cache/cacheWriter.ts';
import { decodeRowRecord, rowRecordBytes } from '../../../src/data/cache/layout.ts';
import { RowBlockWriter } from '../../../src/data/cache/rowBlock.ts';
import { Findings } from '../../../src/data/prepare/findings.ts';
import { piecesOf, RowBatchWriter } from '../../../src/data/prepare/rowBatch.ts';
import type { RowPiece } from '../../../src/data/read/readRows.ts';
import type { Problem } from '../../../src/protocol/problem.ts';
import { uniform } from '../../support/random.ts';
import { temporaryFolder } from './support.ts';

const folder = temporaryFolder();

test('findings added in parts are kept and counted as if each had been added', () => {
  const random = uniform('findings');
  for (let round = 0; round < 300; round += 1) {
    const limit = 1 + Math.floor(random() * 4);
    const [whole, parts] = [new Findings(limit), new Findings(limit)];
    for (let part = Math.floor(random() * 6); part > 0; part -= 1) {
      const own = new Findings(limit);
      for (let left = Math.floor(random() * 12); left > 0; left -= 1) {
        const severity = (['error', 'warning'] as const)[Math.floor(random() * 2)]!;
        const found: Problem = { code: `code ${Math.floor(random() * 5)}`, severity, message: `${random()}` };
        whole.add(found);
        own.add(found);
      }
      parts.addPart(own.part);
    }
    expect(parts.list).toEqual(whole.list);
    expect(Object.entries(parts.counts)).toEqual(Object.entries(whole.counts));
    expect(parts.errors).toBe(whole.errors);
  }
});

test('rows come out of a batch as they went in', () => {
  const writer = new RowBatchWriter();
  const pieces = ['{"a": 1}', '', undefined, 'ü😀'].map((text, i): RowPiece => {
    const bytes = text === undefined ? undefined : Buffer.from(text);
    return {
      bytes,
      byteLength: bytes?.length ?? 99,
      byteOffset: 10 * i,
      line: i,
      column: 1,
      idColumn: i % 2,
      last: i === 3,
    };
  });
  for (const piece of pieces) writer.add(piece);
  expect([...piecesOf(writer.take())]).toEqual(pieces);
  expect(writer.isEmpty).toBe(true);
  for (let i = 0; !writer.isFull; i += 1) writer.add({ ...pieces[0]!, line: i });
  expect(writer.take().rows.length).toBeLessThan(5000);
});

test('blocks lie behind one another in an entry', () => {
  const writer = new CacheWriter(folder);
  const rows = [3, 1, 4, 1, 5].map((length, line) => ({
    tokens: Int32Array.from({ length }, (_, t) => 1000 * line + t),
    mask: new Uint8Array(length).fill(1),
    fields: Buffer.from('x'.repeat(line)),
    hash: new Uint8Array(32).fill(line),
    ...{ source: 0, line, idColumn: 0, byteOffset: 7 * line, rejectedFrom: 0 },
  }));
  const block = new RowBlockWriter();
  for (const [i, row] of rows.entries()) {
    block.append(row);
    if (i % 2 === 1) writer.append(block.take());
  }
  writer.append(block.take());
  writer.finish('key', [], null);
  const read = (name: string) => readFileSync(path.join(folder, name));
  const [tokens, records] = [read('tokens.bin'), read('rows.bin')];
  let [tokenOffset, fieldsOffset] = [0, 0];
  for (const [i, row] of rows.entries()) {
    const record = decodeRowRecord(records.subarray(i * rowRecordBytes, (i + 1) * rowRecordBytes));
    const { length } = row.tokens;
    const trainedTokens = length - 1;
    const fieldsLength = row.fields.length;
    const { line, byteOffset } = row;
    expect(record).toMatchObject({ tokenOffset, fieldsOffset, fieldsLength, length, trainedTokens, line, byteOffset });
    expect([...record.hash]).toEqual([...row.hash]);
    const stored = Array.from({ length }, (_, t) => tokens.readInt32LE(4 * (tokenOffset + t)));
    expect(stored).toEqual([...row.tokens]);
    tokenOffset += length;
    fieldsOffset += fieldsLength;
  }
  expect(read('fields.bin').length).toBe(fieldsOffset);
});
