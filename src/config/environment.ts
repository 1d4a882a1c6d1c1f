// Replaces `${env:NAME}` in the texts of a config.

import type { Problem } from '../protocol/problem.ts';
import { formatPath, type PathPart } from './path.ts';
import { placeOf, type Positions } from './positions.ts';

/** Environment variables as plain data, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const reference = /\$\{env:([^}]*)\}?/g;
const wellFormed = /^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/;

/** A copy of the tree with every reference replaced, and a problem for each that cannot be. */
export function substituteEnvironment(
  tree: Readonly<Record<string, unknown>>,
  environment: Environment,
  positions: Positions,
): { value: Readonly<Record<string, unknown>>; problems: Problem[] } {
  const problems: Problem[] = [];

  const replaceIn = (text: string, path: readonly PathPart[]): string =>
    text.replaceAll(reference, (whole: string, name: string) => {
      const value = wellFormed.test(whole) ? environment[name] : undefined;
      if (value !== undefined) return value;
      const place = placeOf(positions, formatPath(path));
      problems.push(wellFormed.test(whole) ? unset(name, place) : malformed(whole, place));
      return whole;
    });

  const visit = (value: unknown, path: readonly PathPart[]): unknown => {
    if (typeof value === 'string') return replaceIn(value, path);
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (typeof value === 'object' && value !== null) return visitFields(value, path);
    return value;
  };

  const visitFields = (block: object, path: readonly PathPart[]): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(block).map(([key, inner]) => [key, visit(inner, [...path, key])]));

  return { value: visitFields(tree, []), problems };
}

function unset(name: string, place: Problem['place']): Problem {
  return {
    code: 'config/environment-unset',
    severity: 'error',
    message: `The environment variable ${name} is not set. Set it before the run, or write the value here.`,
    ...(place ? { place } : {}),
  };
}

function malformed(text: string, place: Problem['place']): Problem {
  return {
    code: 'config/environment-syntax',
    severity: 'error',
    message: `\`${text}\` does not name an environment variable. Write it as \`\${env:NAME}\`, with letters, digits and _.`,
    ...(place ? { place } : {}),
  };
}
