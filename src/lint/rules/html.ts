// Remains of web pages in a text, and the text without them.

const attributes = /(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*\/?/.source;
const long =
  'div|span|br|hr|table|thead|tbody|tr|td|th|ul|ol|li|font|strong|em|h[1-6]|img|script|style|center|blockquote';

/** Tags of text and layout, and character references. A letter before `<b>` may be a generic type. */
export const htmlRemains = new RegExp(
  `</?(?:${long})${attributes}>|(?<!\\w)<[abipu]${attributes}>|</[abipu]>|&(?:nbsp|amp|lt|gt|quot|apos|#\\d{2,5});`,
  'gi',
);

const references: Readonly<Partial<Record<string, string>>> = {
  nbsp: ' ',
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** What one of the remains becomes in plain text: a line break, the character that is referred to, or nothing. */
export function asPlainText(part: string): string {
  const reference = /^&(#?)(\w+);$/.exec(part);
  if (reference === null) return /^<(?:br|hr|\/p|\/div|\/tr|\/li|\/h)/i.test(part) ? '\n' : '';
  const [, isNumber, name = ''] = reference;
  return isNumber ? String.fromCodePoint(Number(name)) : (references[name.toLowerCase()] ?? part);
}
