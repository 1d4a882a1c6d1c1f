// Renders chats from what a template printed around other chats of the same roles, where it only prints what they say.
import { onlyPrintsContent } from './printedContent.ts';
import type { RenderOptions, TemplateValue } from './chatTemplate.ts';

/** Text that the template prints itself, or a message's content: its index, and which of its outer white space stays. */
type Piece = string | { readonly message: number; readonly start: boolean; readonly end: boolean };

type Render = (messages: readonly TemplateValue[], options: RenderOptions) => string;

interface PlainMessage {
  readonly role: string;
  readonly content: string;
}

/** Characters of the private use area around the index of a message, and what both kinds of trimming take away. */
const [open, close, blank] = ['\ue0f0', '\ue0f1', '\v'];
const mark = /(\v?)\ue0f0(\d+)\ue0f1(\v?)/g;

/** Chats of other roles, or of more turns, that are kept. */
const mostChats = 500;

/**
 * `render`, the same text in less time, for chats of nothing but roles and contents; undefined where that is not certain, and
 * where the template refuses such a chat. `program` is the parsed template, `source` its text.
 */
export function plainRendering(
  program: unknown,
  source: string,
  render: Render,
): (messages: readonly TemplateValue[], options: RenderOptions) => string | undefined {
  if (/[\v\ue0f0\ue0f1]/.test(source) || !onlyPrintsContent(program)) return () => undefined;
  let known = new Map<string, readonly Piece[] | undefined>();
  let given: readonly unknown[] = [];
  return (messages, options) => {
    const { tools, documents, now, specialTokens, variables, addGenerationPrompt = false } = options;
    if (tools !== undefined || documents !== undefined || now !== undefined || !messages.every(isPlain))
      return undefined;
    if (given[0] !== specialTokens || given[1] !== variables || known.size > mostChats) {
      known = new Map();
      given = [specialTokens, variables];
    }
    const key = `${messages.map(({ role }) => role).join('\n')}\n${addGenerationPrompt}`;
    if (!known.has(key)) known.set(key, piecesOf(messages, options, render));
    return known
      .get(key)
      ?.map((piece) => (typeof piece === 'string' ? piece : printed(messages, piece)))
      .join('');
  };
}

function printed(messages: readonly PlainMessage[], { message, start, end }: Exclude<Piece, string>): string {
  const { content } = messages[message]!;
  if (start && end) return content;
  return start ? content.trimEnd() : end ? content.trimStart() : content.trim();
}

/** What the template prints of a chat whose contents are marks; undefined when it refuses it, or a mark is not whole. */
function piecesOf(
  messages: readonly PlainMessage[],
  options: RenderOptions,
  render: Render,
): readonly Piece[] | undefined {
  const marked = messages.map(({ role }, i) => ({ role, content: `${blank}${open}${i}${close}${blank}` }));
  let text: string;
  try {
    text = render(marked, options);
  } catch {
    return undefined; // the chat itself is told why
  }
  const pieces: Piece[] = [];
  let from = 0;
  for (const { index, 0: whole, 1: before, 2: message, 3: after } of text.matchAll(mark)) {
    pieces.push(text.slice(from, index), { message: Number(message), start: before !== '', end: after !== '' });
    from = index + whole.length;
  }
  pieces.push(text.slice(from));
  const isWhole = pieces.every((piece) => typeof piece !== 'string' || !/[\v\ue0f0\ue0f1]/.test(piece));
  return isWhole ? pieces : undefined;
}

/** A role and a content that is neither blank nor surrounded by white space that some trimmings keep. */
function isPlain(message: TemplateValue): message is { readonly role: string; readonly content: string } {
  if (typeof message !== 'object' || message === null || !('role' in message) || !('content' in message)) return false;
  for (const [field, value] of Object.entries(message))
    if (field === 'role' || field === 'content' ? typeof value !== 'string' : value !== undefined) return false;
  const { role, content } = message;
  return typeof role === 'string' && !role.includes('\n') && typeof content === 'string' && hasClearEdges(content);
}

function hasClearEdges(content: string): boolean {
  let [first, last] = [0, content.length - 1];
  while (isUsualSpace(content.charCodeAt(first))) first += 1;
  while (last > first && isUsualSpace(content.charCodeAt(last))) last -= 1;
  return first <= last && !isWhite(content.charAt(first)) && !isWhite(content.charAt(last));
}

/** What Python, JavaScript or both take for white space. */
function isWhite(character: string): boolean {
  return character.trim() === '' || '\x1c\x1d\x1e\x1f\x85'.includes(character);
}

function isUsualSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}
