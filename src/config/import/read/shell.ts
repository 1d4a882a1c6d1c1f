// Shell text to words: quotes, line continuations, comments and variables that the script itself sets. Nothing is run.

export interface ShellWord {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** The commands of a script, each as its words. `NAME=value` lines fill `$NAME` in later commands. */
export function shellCommands(text: string): ShellWord[][] {
  const variables = new Map<string, string>();
  const commands: ShellWord[][] = [];
  for (const words of splitCommands(text)) {
    const start = words.findIndex(({ text: word }) => !/^\w+=/.test(word) && word !== 'export');
    for (const { text: word } of start === -1 ? words : words.slice(0, start)) {
      const [, name, value] = /^(\w+)=([\s\S]*)$/.exec(word) ?? [];
      if (name !== undefined && value !== undefined) variables.set(name, expand(value, variables));
    }
    if (start === -1) continue;
    commands.push(words.slice(start).map((word) => ({ ...word, text: expand(word.text, variables) })));
  }
  return commands;
}

/** `$NAME`, `${NAME}` and `${NAME:-fallback}`, where the script sets it; else as written. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})/g,
    (whole: string, plain?: string, braced?: string, fallback?: string) => {
      return variables.get(plain ?? braced ?? '') ?? fallback ?? whole;
    },
  );
}

function splitCommands(text: string): ShellWord[][] {
  const commands: ShellWord[][] = [];
  let words: ShellWord[] = [];
  let word: { text: string; line: number; column: number } | undefined;
  let quote = '';
  let line = 1;
  let lineStart = 0;
  const endWord = (): void => {
    if (word) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  const put = (character: string, at: number): void => {
    word ??= { text: '', line, column: at - lineStart + 1 };
    word.text += character;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    const newLine = character === '\n';
    if (quote !== '') {
      if (character === quote) quote = '';
      else if (character === '\\' && quote === '"' && /["\\$`\n]/.test(text[at + 1] ?? '')) {
        at += 1;
        if (text[at] !== '\n') put(text[at]!, at);
      } else put(character, at);
    } else if (character === '\\') {
      const next = text[at + 1];
      at += next === '\r' ? 2 : 1;
      if (text[at] === '\n') {
        line += 1;
        lineStart = at + 1;
      } else if (next !== undefined) put(next, at);
      continue;
    } else if (character === '"' || character === "'") {
      quote = character;
      put('', at);
    } else if (character === '#' && !word) {
      while (at + 1 < text.length && text[at + 1] !== '\n') at += 1;
    } else if (newLine || character === ';' || character === '|' || character === '&') endCommand();
    else if (/\s/.test(character)) endWord();
    else put(character, at);
    if (text[at] === '\n') {
      line += 1;
      lineStart = at + 1;
    }
  }
  endCommand();
  return commands;
}
