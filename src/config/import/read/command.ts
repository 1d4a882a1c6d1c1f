// Command lines and shell scripts to keys: the arguments of the first training command, with variables filled in.

import type { Place } from '../../../protocol/problem.ts';
import { nameAndIndexes, type Source, type SourceKey } from '../source.ts';
import { shellCommands, type ShellWord } from './shell.ts';

/** Words that start programs which train. */
const trainingPrograms =
  /(?:^|\/)(?:trl|llamafactory-cli|lmf|axolotl|unsloth|torchrun|accelerate|deepspeed|swift)$|\.py$|^axolotl\.cli\.train$/;

/** The subcommand after a program's name, which is no argument. */
const subcommands =
  /^(?:train|sft|dpo|grpo|kto|orpo|reward|rloo|ppo|cpo|bco|gkd|prm|launch|run|export|chat|eval|preprocess)$/;

/** Keys of a command line or shell script; empty where nothing in it looks like training. */
export function readCommand(text: string, file: string): Source {
  const commands = shellCommands(text).filter(isTraining);
  const [first, ...others] = commands;
  if (!first) return { dialect: 'command', keys: [], remarks: [] };
  const remarks = others.map(
    (words) =>
      `Line ${words[0]?.line ?? 1} starts another training (\`${shorten(words)}\`). Import it from a file of its own.`,
  );
  return { dialect: 'command', keys: keysOf(first, file), remarks };
}

function isTraining(words: readonly ShellWord[]): boolean {
  if (!words.some(({ text }) => trainingPrograms.test(text))) return false;
  return words.some(({ text }) => /^--\w/.test(text)) || words.some(({ text }) => /\.ya?ml$/.test(text));
}

function keysOf(words: readonly ShellWord[], file: string): SourceKey[] {
  const script = words.findIndex(({ text }) => /\.py$/.test(text) || subcommands.test(text));
  const found: { flag: string; name: string; value: unknown; place: Place; launcher: boolean }[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    const place: Place = { file, line: word.line, column: word.column };
    const flag = /^--?(?<name>[A-Za-z][\w.-]*)(?:=(?<value>[\s\S]*))?$/.exec(word.text);
    if (!flag?.groups) {
      // A config file given to the program; everything else before the flags is its name.
      if (/\.(?:ya?ml|json)$/.test(word.text) && at > 0)
        found.push({ flag: word.text, name: 'config', value: word.text, place, launcher: false });
      continue;
    }
    const values: string[] = flag.groups['value'] === undefined ? [] : [flag.groups['value']];
    while (flag.groups['value'] === undefined) {
      const next = words[at + 1];
      if (!next || /^--?[A-Za-z]/.test(next.text) || (script > at && at + 1 >= script)) break;
      // A script's name ends the arguments of what launches it.
      if (/\.py$/.test(next.text)) break;
      values.push(next.text);
      at += 1;
    }
    const name = (flag.groups['name'] ?? '').replaceAll('-', '_');
    const value = values.length === 0 ? true : values.length === 1 ? values[0] : values;
    // What stands before the script's name is for the program that launches it.
    const launcher = words.slice(at + 1).some(({ text }) => /\.py$/.test(text));
    found.push({ flag: word.text.replace(/=[\s\S]*$/, ''), name, value, place, launcher });
  }
  const last = new Map(found.map(({ name, launcher, place }) => [`${launcher} ${name}`, place]));
  return found.map(({ flag, name, value, place, launcher }) => {
    const decisive = last.get(`${launcher} ${name}`);
    return {
      shown: flag,
      ...nameAndIndexes(name),
      ...(launcher ? { scope: 'launcher' } : {}),
      value,
      place,
      ...(decisive === place ? {} : { overruled: `The same argument on line ${decisive?.line ?? 1} has the say.` }),
    };
  });
}

function shorten(words: readonly ShellWord[]): string {
  const text = words.map(({ text }) => text).join(' ');
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
