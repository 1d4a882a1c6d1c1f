// Options and arguments that several commands share, so that they read alike everywhere.
import { InvalidArgumentError, Option } from 'commander';

export interface JsonOption {
  readonly json?: boolean;
}

/** `--json`; what is printed with it is the text in `what`. */
export function jsonOption(what: string): Option {
  return new Option('--json', `print ${what} for programs`);
}

/** `--set path=value`, repeatable. */
export function setOption(): Option {
  return new Option(
    '--set <path=value>',
    'set a field over the config, such as training.learning_rate=1e-4 (repeatable)',
  )
    .argParser((text: string, sofar: readonly string[] | undefined) => {
      if (!text.includes('=')) throw new InvalidArgumentError('Write path=value.');
      return [...(sofar ?? []), text];
    })
    .default([], 'none');
}

export const runArgument = ['[run]', 'id of a run or its beginning, or its folder', 'latest'] as const;

/** A number in a range, for options such as `--temperature`. */
export function numberBetween(least: number, most: number, whole = false): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? 'a whole number' : 'a number';
    throw new InvalidArgumentError(`Write ${kind} from ${least}${most === Infinity ? ' up' : ` to ${most}`}.`);
  };
}
