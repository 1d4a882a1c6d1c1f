// What is done with a whole file waits for all of it, and the roles of its turns are told.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PreviewSession } from '../../../src/preview/session.ts';
import { convertInto, exportRows, rolesWritten } from '../../../src/preview/wholeFile.ts';
import { cleanUp, written } from './support.ts';

cleanUp();

async function opened(file: string): Promise<PreviewSession> {
  const session = new PreviewSession({ file, name: 'data', configs: [] }, () => undefined);
  await session.start();
  return session;
}

test('a file that is still being read is converted and exported whole', async () => {
  const count = 60_000;
  const rows = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ instruction: `what is ${i}?`, output: 'a number' }),
  );
  const file = written('rows.jsonl', `${rows.join('\n')}\n`);
  const session = await opened(file);
  expect(session.state.isIndexed).toBe(false);
  const options = { to: 'messages', splitTurns: false, roles: {} } as const;
  const report = await convertInto(await session.whole(), `${file}.out`, options);
  expect(report).toMatchObject({ rows: count, written: count, unfit: 0 });
  expect(readFileSync(`${file}.out`, 'utf8').split('\n')).toHaveLength(count + 1);
  expect(await exportRows(await session.whole(), session.viewRows(), `${file}.part`)).toBe(count);
  await session.close();
});

test('a file that cannot be read is not written', async () => {
  const session = await opened(written('rows.jsonl', ''));
  await expect(session.whole()).rejects.toThrow(/empty/);
});

test('roles are counted as they are written, known or not', async () => {
  const rows = [
    {
      messages: [
        { role: 'customer', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'customer', content: 'c' },
      ],
    },
    {
      conversations: [
        { from: 'human', value: 'a' },
        { from: 'bot', value: 'b' },
      ],
    },
    { text: 'no turns' },
  ];
  const session = await opened(written('rows.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')));
  expect(await rolesWritten(await session.whole())).toEqual([
    { name: 'customer', field: 'role', isKnown: false, turns: 2 },
    { name: 'assistant', field: 'role', isKnown: true, turns: 1 },
    { name: 'human', field: 'from', isKnown: true, turns: 1 },
    { name: 'bot', field: 'from', isKnown: false, turns: 1 },
  ]);
  await session.close();
});
