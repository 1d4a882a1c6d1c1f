// Text from outside made safe and short for a terminal.

/** Without control characters but line breaks and tabs: a model's answer must not drive the terminal. */
export function plainText(text: string): string {
  let plain = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    if (!isControl || character === '\n' || character === '\t') plain += character;
  }
  return plain;
}

/** One line of at most `width` characters; line breaks become ⏎ and what is cut off becomes an ellipsis. */
export function oneLine(text: string, width: number): string {
  const line = plainText(text)
    .trim()
    .replace(/\s*\n\s*/g, ' ⏎ ')
    .replaceAll('\t', ' ');
  const characters = Array.from(line);
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Words laid in lines of at most `width` characters; a word that is longer stands alone. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of plainText(text).split(/\s+/).filter(Boolean)) {
    if (line !== '' && line.length + 1 + word.length > width - indent.length) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, indent + line];
}
