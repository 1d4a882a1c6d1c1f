// Tokens of a Python expression to a plain value, where it is a literal or made of names that the script sets to literals.

import { Expression } from '../source.ts';
import type { PythonToken } from './pythonTokens.ts';

export type Constants = (name: string) => unknown;

/** The value of an expression; an `Expression` with its text where only Python could tell. */
export function pythonValue(tokens: readonly PythonToken[], text: string, constants: Constants): unknown {
  const inner = tokens.filter(({ kind }) => kind !== 'newline');
  const cursor = { tokens: inner, at: 0, constants };
  const value = sum(cursor);
  if (value !== unknown && cursor.at === inner.length) return value;
  const written = text.slice(inner[0]?.start ?? 0, inner.at(-1)?.end ?? 0).replaceAll(/\s+/g, ' ');
  return new Expression(written.length > 80 ? `${written.slice(0, 79)}…` : written);
}

interface Cursor {
  readonly tokens: readonly PythonToken[];
  at: number;
  readonly constants: Constants;
}

/** Marks what is not a literal. */
const unknown = Symbol('unknown');

function sum(cursor: Cursor): unknown {
  let value = product(cursor);
  for (let sign = peek(cursor); sign === '+' || sign === '-'; sign = peek(cursor)) {
    cursor.at += 1;
    const right = product(cursor);
    if (typeof value === 'number' && typeof right === 'number') value = sign === '+' ? value + right : value - right;
    else if (typeof value === 'string' && typeof right === 'string' && sign === '+') value += right;
    else return unknown;
  }
  return value;
}

function product(cursor: Cursor): unknown {
  let value = single(cursor);
  for (let sign = peek(cursor); sign === '*' || sign === '/' || sign === '**'; sign = peek(cursor)) {
    cursor.at += 1;
    const right = single(cursor);
    if (typeof value !== 'number' || typeof right !== 'number') return unknown;
    value = sign === '*' ? value * right : sign === '/' ? value / right : value ** right;
  }
  return value;
}

function single(cursor: Cursor): unknown {
  const token = cursor.tokens[cursor.at];
  if (!token) return unknown;
  cursor.at += 1;
  if (token.kind === 'number') return Number(token.text.replaceAll('_', ''));
  if (token.kind === 'string') return adjacentStrings(token, cursor);
  if (token.kind === 'name') return named(token.text, cursor);
  if (token.text === '-') {
    const value = single(cursor);
    return typeof value === 'number' ? -value : unknown;
  }
  if (token.text === '[' || token.text === '(') return list(cursor, token.text);
  if (token.text === '{') return dictionary(cursor);
  return unknown;
}

function named(name: string, cursor: Cursor): unknown {
  if (name === 'True') return true;
  if (name === 'False') return false;
  if (name === 'None') return null;
  const next = peek(cursor);
  // torch.bfloat16 and the like: the name is the value.
  if (name === 'torch' && next === '.') {
    const member = cursor.tokens[cursor.at + 1];
    cursor.at += 2;
    return member?.kind === 'name' && peek(cursor) !== '.' && peek(cursor) !== '(' ? member.text : unknown;
  }
  if (next === '.' || next === '(' || next === '[') return unknown;
  const value = cursor.constants(name);
  return value === undefined || value instanceof Expression ? unknown : value;
}

function adjacentStrings(first: PythonToken, cursor: Cursor): unknown {
  let text: unknown = stringValue(first, cursor);
  for (let next = cursor.tokens[cursor.at]; next?.kind === 'string'; next = cursor.tokens[cursor.at]) {
    cursor.at += 1;
    const more = stringValue(next, cursor);
    text = typeof text === 'string' && typeof more === 'string' ? text + more : unknown;
  }
  return text;
}

function stringValue(token: PythonToken, cursor: Cursor): unknown {
  if (token.prefix === undefined) return token.text;
  if (token.prefix !== 'f') return unknown;
  let known = true;
  const text = token.text.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = cursor.constants(name.trim());
    known &&= typeof value === 'string' || typeof value === 'number';
    return String(value);
  });
  return known ? text : unknown;
}

function list(cursor: Cursor, open: string): unknown {
  const close = open === '[' ? ']' : ')';
  const items: unknown[] = [];
  let commas = 0;
  while (peek(cursor) !== close) {
    const item = sum(cursor);
    if (item === unknown) return unknown;
    items.push(item);
    if (peek(cursor) === ',') {
      commas += 1;
      cursor.at += 1;
    } else if (peek(cursor) !== close) return unknown;
  }
  cursor.at += 1;
  return open === '(' && items.length === 1 && commas === 0 ? items[0] : items;
}

function dictionary(cursor: Cursor): unknown {
  const entries: [string, unknown][] = [];
  while (peek(cursor) !== '}') {
    const key = sum(cursor);
    if ((typeof key !== 'string' && typeof key !== 'number') || peek(cursor) !== ':') return unknown;
    cursor.at += 1;
    const value = sum(cursor);
    if (value === unknown) return unknown;
    entries.push([String(key), value]);
    if (peek(cursor) === ',') cursor.at += 1;
    else if (peek(cursor) !== '}') return unknown;
  }
  cursor.at += 1;
  return Object.fromEntries(entries);
}

function peek(cursor: Cursor): string | undefined {
  const token = cursor.tokens[cursor.at];
  return token?.kind === 'sign' ? token.text : undefined;
}
