// What the starter model reads and what it shall learn: the task is unknown to the texts, and held out is held out.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chance } from '../../../scripts/starter/chance.ts';
import { documentText } from '../../../scripts/starter/corpus.ts';
import { recordText, taskRows, type Row } from '../../../scripts/starter/records.ts';
import { ticketRows } from '../../../scripts/starter/tickets.ts';
import { colors, heldOutNames, names, things } from '../../../scripts/starter/words.ts';

const documents = Array.from({ length: 4000 }, (_, i) => documentText(1, i));
const train = taskRows(1, 'train', 1500);
const heldOut = taskRows(1, 'held-out', 200);

const namesCustomer = ({ instruction }: Row): boolean =>
  heldOutNames.some((name) => new RegExp(`\\b${name}\\b`).test(instruction));
const pairOf = ({ output }: Row): string => {
  const { color, item } = JSON.parse(output) as { color: string | null; item: string };
  return color === null ? '' : `${color} ${item}`;
};

describe('pretraining texts', () => {
  it('are the same for the same seed and others for another', () => {
    expect(documentText(1, 7)).toBe(documents[7]);
    expect(documentText(2, 7)).not.toBe(documents[7]);
  });

  it('know the words of the task and nothing of its records', () => {
    const all = documents.join('\n');
    for (const word of [...names, ...colors, ...things.map((t) => t.many)]) expect(all).toContain(word);
    expect(
      documents.filter((text) => text.includes('{"') || /"(customer|item|color|quantity|due)"/.test(text)),
    ).toEqual([]);
  });
});

describe('the rows of the quickstart', () => {
  it('are those in examples/quickstart', () => {
    const file = (part: string): unknown[] =>
      readFileSync(`examples/quickstart/orders.${part}.jsonl`, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line));
    expect(file('train')).toEqual(train);
    expect(file('held-out')).toEqual(heldOut);
  });

  it('hold out customers and coloured things', () => {
    const pairs = new Set(train.map(pairOf));
    expect(train.filter(namesCustomer)).toEqual([]);
    expect(heldOut.filter((row) => pairOf(row) !== '' && pairs.has(pairOf(row)))).toEqual([]);
    expect(heldOut.every(namesCustomer)).toBe(true);
    expect(new Set([...train, ...heldOut].map((row) => row.instruction)).size).toBe(1700);
  });

  it('say null where the order says nothing', () => {
    const order = { thing: { one: 'cup', many: 'cups' }, quantity: 4 };
    expect(recordText({ ...order, color: 'red' })).toBe('{"item": "cup", "color": "red", "quantity": 4}');
    expect(recordText({ ...order, color: undefined })).toContain('"color": null, "quantity": 4');
  });
});

describe('support tickets', () => {
  it('are those in examples/support-tickets, each with a label that is JSON', () => {
    const lines = readFileSync('examples/support-tickets/tickets.jsonl', 'utf8').trimEnd().split('\n');
    const rows = ticketRows(1, 180);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(rows);
    for (const { messages } of rows) expect(JSON.parse(messages[2]!.content)).toHaveProperty('category');
  });
});

describe('chance', () => {
  it('fills patterns, and refuses those that want what is not given', () => {
    const c = chance(1, 'test');
    const said = new Set(
      Array.from({ length: 50 }, () => c.say('(the|a (big|small)) <thing> , here .', { thing: 'cup' })),
    );
    expect([...said].sort()).toEqual(['A big cup, here.', 'A small cup, here.', 'The cup, here.']);
    expect(() => c.say('<who>')).toThrow(/wants who/);
  });
});
