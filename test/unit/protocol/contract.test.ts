// The schemas and the types say the same: every member of a union has a branch with the same fields, and the reverse.
import { describe, expect, test } from 'vitest';
import commandSchema from '../../../schemas/trainer-command.schema.json' with { type: 'json' };
import eventSchema from '../../../schemas/trainer-event.schema.json' with { type: 'json' };
import { parseLearningRate, trainerCommandTypes } from '../../../src/protocol/commands.ts';
import { nonFiniteFields, protocolVersion, trainerEventTypes } from '../../../src/protocol/events.ts';
import { encodeJsonLine } from '../../../src/protocol/jsonLines.ts';
import { checkCommand, checkEvent } from '../../../src/protocol/validate.ts';
import { fullCommands, fullEvents } from '../../support/events.ts';

interface Branch {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, unknown>> & { readonly type: { readonly const: string } };
}

const eventBranches: readonly Branch[] = eventSchema.oneOf;
const commandBranches: readonly Branch[] = commandSchema.oneOf;

/** As it comes off a line: a fresh value without anything that JSON cannot hold. */
function wire(value: unknown): unknown {
  return JSON.parse(encodeJsonLine(value));
}

test('schema branches are the members of the unions', () => {
  expect(eventBranches.map((branch) => branch.properties.type.const).toSorted()).toEqual(
    [...trainerEventTypes].toSorted(),
  );
  expect(commandBranches.map((branch) => branch.properties.type.const).toSorted()).toEqual(
    [...trainerCommandTypes].toSorted(),
  );
});

describe.each(trainerEventTypes)('event %s', (type) => {
  const event = { type, seq: 3, time: '2026-01-01T00:00:00.000Z', ...fullEvents[type] };
  const branch = eventBranches.find((candidate) => candidate.properties.type.const === type)!;

  test('has the fields of its branch', () => {
    expect(Object.keys(event).toSorted()).toEqual(Object.keys(branch.properties).toSorted());
  });

  test('comes back equal through the wire', () => {
    expect(checkEvent(wire(event))).toEqual({ ok: true, value: event });
  });

  test('is refused without a required field and with an unknown one', () => {
    for (const field of branch.required.filter((name) => name !== 'type')) {
      const rest = Object.fromEntries(Object.entries(event).filter(([name]) => name !== field));
      expect(checkEvent(wire(rest)), field).toMatchObject({ ok: false, unknownType: false });
    }
    expect(checkEvent(wire({ ...event, surprise: 1 }))).toMatchObject({ ok: false });
  });
});

describe.each(trainerCommandTypes)('command %s', (type) => {
  test('has the fields of its branch and is accepted', () => {
    const command = fullCommands[type];
    const branch = commandBranches.find((candidate) => candidate.properties.type.const === type)!;
    expect(Object.keys(command).toSorted()).toEqual(Object.keys(branch.properties).toSorted());
    expect(checkCommand(wire(command))).toEqual({ ok: true, value: command });
    expect(checkCommand(wire({ ...command, id: 5 }))).toMatchObject({ ok: false });
  });
});

test('every field that the schema lets be NaN is revived, and no other', () => {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (JSON.stringify(value).includes('"enum":["NaN"') && 'anyOf' in value) found.add(key);
      visit(value);
    }
  };
  visit(eventSchema);
  expect([...found].toSorted()).toEqual([...nonFiniteFields].toSorted());
  const diverged = { type: 'step', seq: 0, time: '', ...fullEvents.step, loss: Number.NaN, grad_norm: Infinity };
  expect(checkEvent(wire(diverged))).toEqual({ ok: true, value: diverged });
  expect(checkEvent(wire({ ...diverged, seconds: Number.NaN }))).toMatchObject({ ok: false });
});

test('unknown types are told apart from malformed messages', () => {
  expect(checkEvent({ type: 'telepathy', seq: 0, time: '' })).toMatchObject({ ok: false, unknownType: true });
  expect(checkEvent(17)).toMatchObject({ ok: false, unknownType: false });
  expect(checkCommand({ type: 'set', id: '1', learning_rate: -1 })).toMatchObject({ ok: false });
});

test('another protocol version is an error that names both', () => {
  const hello = { type: 'hello', seq: 0, time: '', ...fullEvents.hello, protocol: 99, novelty: true };
  const checked = checkEvent(hello);
  expect(checked).toMatchObject({ ok: false, unknownType: false });
  expect(checked.ok ? '' : checked.problem).toContain('version 99');
  expect(checked.ok ? '' : checked.problem).toContain(`version ${protocolVersion}`);
});

test('a learning rate that a person may write is one that the trainer takes', () => {
  const texts = ['1e-4', '1', ' .5 ', '+2E-5', '1e-320', '0', '-1', '1.01', '10', '1e30', 'NaN', '', 'fast'];
  const taken = texts.filter((text) => parseLearningRate(text) !== undefined);
  expect(taken).toEqual(['1e-4', '1', ' .5 ', '+2E-5', '1e-320']);
  for (const text of taken) {
    expect(checkCommand({ type: 'set', id: 'a', learning_rate: parseLearningRate(text) }).ok, text).toBe(true);
  }
});
