// Command lines that start a run once more or let it go on, as sh takes them.

/** `config`: the config's path as seen from where the command is given; `overrides`: `path=value`. */
export function startCommand(config: string, overrides: readonly string[]): string {
  return commandLine('start', config, overrides);
}

export function resumeCommand(id: string, overrides: readonly string[]): string {
  return commandLine('resume', id, overrides);
}

function commandLine(command: string, subject: string, overrides: readonly string[]): string {
  const words = ['finetune', command, subject, ...overrides.flatMap((item) => ['--set', item])];
  return words.map(shellWord).join(' ');
}

/** A word that sh takes as it is. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
