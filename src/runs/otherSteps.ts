// Settings for a run that goes on: those that would make other steps of it are refused before it is touched.

import { mayChange } from '../config/changeable.ts';
import { problem } from '../protocol/problem.ts';
import { startCommand } from './commandLine.ts';
import type { RunManifest } from './manifest.ts';

/**
 * Throws `runs/other-steps`. The trainer would refuse them as well, and the run could not be resumed until they are taken back.
 * `overrides`: `path=value`.
 */
export function refuseOtherSteps(
  { prepared, config_file: file, overrides: before }: RunManifest,
  overrides: readonly string[],
): void {
  if (!prepared) return;
  const changes = overrides.map((text): [string, string] => {
    const [name, ...value] = text.split('=') as [string, ...string[]];
    return [name, value.join('=')];
  });
  const other = changes.find(([name]) => !mayChange([name]));
  if (other) {
    throw problem(
      'runs/other-steps',
      `${other[0]} cannot change in a run that has begun: its steps would be others. Start a new one with it: ${startCommand(file, [...before, other.join('=')])}`,
      { file },
    );
  }
  const { training } = prepared.config;
  const now = (name: string): unknown =>
    typeof training === 'object' && training !== null ? Reflect.get(training, name) : undefined;
  const rows = (value: (name: string) => unknown): number =>
    Number(value('batch_size')) * Number(value('gradient_accumulation_steps'));
  const then = (name: string): unknown => changes.findLast(([one]) => one === `training.${name}`)?.[1] ?? now(name);
  if (Number.isNaN(rows(now)) || rows(then) === rows(now)) return;
  throw problem(
    'runs/other-steps',
    `A step of this run learns from ${rows(now)} rows. training.batch_size times training.gradient_accumulation_steps has to stay that.`,
    { file },
  );
}
