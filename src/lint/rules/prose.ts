// What in a text is prose: code, in which tags, placeholders and repetitions have a meaning, is blanked out.

const code = /```[^]*?(?:```|$)|~~~[^]*?(?:~~~|$)|`[^`\n]*`|\$\$[^]*?\$\$|\\\([^]*?\\\)|\\\[[^]*?\\\]/g;

/** The text with spaces in the place of code blocks, inline code and formulas, so that places stay. */
export function withoutCode(text: string): string {
  if (!/[`~$\\]/.test(text)) return text;
  return text.replace(code, (part) => ' '.repeat(part.length));
}
