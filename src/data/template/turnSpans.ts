// Where in the rendered conversation each assistant turn says what it says: from the end of the prompt to its end-of-turn.
import type { TextSpan } from '../../models/chatTemplate.ts';
import { problem } from '../../protocol/problem.ts';
import type { Renderer } from './render.ts';
import { commonPrefix, commonSuffix, probes, type ProbedField } from './probe.ts';
import { closingLength, endOfClosing, type SpecialTokens } from './endOfTurn.ts';

/** What one assistant turn contributes: characters [start, end) of the full text. */
export interface TurnSpan extends TextSpan {
  /** Index of the message. */
  readonly message: number;
  /** The span ends with an end-of-turn of the template. */
  readonly closed: boolean;
}

/**
 * Spans of all assistant turns, for a template without {% generation %} blocks. The conversation is rendered as growing
 * prefixes: what stands before turn i with a generation prompt is what the model is given, and what follows it in the
 * full text is what it has to say. Templates that render a turn differently once it is history (reasoning dropped,
 * another end-of-turn) are followed by changing one turn and looking at what changes with it.
 * @throws ProblemError `chat/mask-impossible` where neither gives a certain answer.
 */
export function assistantSpans(renderer: Renderer, special: SpecialTokens): TurnSpan[] {
  const spans: TurnSpan[] = [];
  renderer.messages.forEach((message, index) => {
    if (message.role !== 'assistant') return;
    const start = startOfTurn(renderer, index, special);
    const { end, closed } = endOfTurn(renderer, index, start, special);
    if (start < (spans.at(-1)?.end ?? 0)) throw impossible(renderer, index, 'its turns overlap');
    spans.push({ message: index, start, end, closed });
  });
  return spans;
}

function startOfTurn(renderer: Renderer, index: number, special: SpecialTokens): number {
  const { full, messages } = renderer;
  const { opening } = renderer.usual;
  const prompt = renderer.prefix(index, true);
  if (prompt !== undefined && opening !== '' && prompt.endsWith(opening) && full.startsWith(prompt))
    return prompt.length;

  // Two renderings that differ only in what this turn says part where it begins to speak.
  const [a, b] = probes(renderer, index, messages.length, false, ['content', 'reasoning_content']);
  const parting = a !== undefined && b !== undefined && a !== b ? commonPrefix(a, b) : undefined;
  const head = parting !== undefined && a !== undefined && full.startsWith(a.slice(0, parting)) ? parting : undefined;
  const given = [fromTheStart(renderer, index, prompt), sinceTheTurnBefore(renderer, index)].filter(
    (g) => g !== undefined,
  );
  for (const { from, prompt: text, before } of given) {
    if (!full.startsWith(text, from)) continue;
    const start = from + text.length;
    // A template that prints nothing when asked may still open the turn with a heading of its own, which is not learned;
    // a mere space (Llama 2) is what the model goes on with.
    return text === before && head !== undefined && full.slice(start, head).trim() !== '' ? head : start;
  }
  for (const { from, prompt: text, before } of given) {
    // The generation prompt says more than the turn has in it, such as an opened <think>.
    const shared = beforeSplitToken(commonPrefix(full.slice(from), text), [full.slice(from), text], special);
    if (shared <= commonPrefix(before, text)) continue;
    if (head === undefined) return from + shared;
    // A template that opens with a system turn of its own shares no more than a token with the bare generation prompt.
    if (opening === '' || !full.slice(from + shared, head).includes(opening)) return Math.min(from + shared, head);
  }
  // What comes before says nothing certain: the turn must be opened by the usual words.
  if (head !== undefined && endsWithOpening(full.slice(0, head), opening, special)) return head;
  throw impossible(renderer, index, 'the text before it changes with what comes later');
}

/** The text ends with the opening, or with the start of it that has its first special token. */
function endsWithOpening(text: string, opening: string, special: SpecialTokens): boolean {
  const least = Math.max(1, special.firstIn(opening)?.end ?? opening.length);
  for (let length = opening.length; length >= least; length--) if (text.endsWith(opening.slice(0, length))) return true;
  return false;
}

/** What the model is given before a turn, with and without the words that ask for the turn, from a place of the full text. */
interface Given {
  readonly from: number;
  readonly prompt: string;
  readonly before: string;
}

function fromTheStart(renderer: Renderer, index: number, prompt: string | undefined): Given | undefined {
  const before = renderer.prefix(index, false);
  return prompt === undefined || before === undefined ? undefined : { from: 0, prompt, before };
}

/** Only what is given after the last words of the turn before: earlier turns may be rendered otherwise by now. */
function sinceTheTurnBefore(renderer: Renderer, index: number): Given | undefined {
  const { full, messages } = renderer;
  if (index === 0) return undefined;
  const after = (count: number, addGenerationPrompt: boolean): string | undefined => {
    const [a, b] = probes(renderer, index - 1, count, addGenerationPrompt, ['content']);
    return a === undefined || b === undefined || a === b ? undefined : a.slice(a.length - commonSuffix(a, b));
  };
  const [rest, prompt, before] = [after(messages.length, false), after(index, true), after(index, false)];
  if (rest === undefined || prompt === undefined || before === undefined || !full.endsWith(rest)) return undefined;
  return { from: full.length - rest.length, prompt, before };
}

function endOfTurn(
  renderer: Renderer,
  index: number,
  start: number,
  special: SpecialTokens,
): { end: number; closed: boolean } {
  const { full, messages } = renderer;
  const count = index + 1;
  const calls = messages[index]?.tool_calls ?? [];
  if (calls.length > 0) refuseDroppedCall(renderer, index);
  const { closing: usual } = renderer.usual;
  const plain = calls.length === 0 ? endAfterContent(renderer, index, start, special) : undefined;
  if (plain !== undefined) return { end: plain, closed: true };
  const turn = count === messages.length ? full : renderer.prefix(count, false);
  const fields: readonly ProbedField[] = calls.length > 0 ? ['call names', 'call arguments', 'content'] : ['content'];
  for (const field of fields) {
    const rest = afterProbe(probes(renderer, index, messages.length, false, [field]), full);
    // A template that refuses a conversation that ends here closes its turns as it usually does.
    const closing = turn === undefined ? usual : afterProbe(probes(renderer, index, count, false, [field]), turn);
    if (rest === undefined || closing === undefined) continue;
    const length = endOfClosing(closing, rest, field === 'content' ? undefined : usualEnd(renderer, special), special);
    if (length === undefined) continue;
    const end = full.length - rest.length + length;
    if (end < start) throw impossible(renderer, index, 'its end comes before its start');
    return { end, closed: length > 0 };
  }
  throw impossible(renderer, index, 'the end of the turn cannot be told from what follows it');
}

/**
 * The plain case, which needs no further rendering: what the turn says stands in the text as it is, has no special token
 * of its own, and is followed by the usual end of a turn.
 */
function endAfterContent(renderer: Renderer, index: number, start: number, special: SpecialTokens): number | undefined {
  const { full, messages } = renderer;
  const usual = usualEnd(renderer, special);
  const content = messages[index]?.content.trim() ?? '';
  if (usual === undefined || content === '' || special.firstIn(content)) return undefined;
  const at = full.indexOf(content, start);
  if (at < 0) return undefined;
  const rest = full.slice(at + content.length, at + content.length + 200);
  const closing = rest.trimStart();
  return closing.startsWith(usual) ? at + content.length + rest.length - closing.length + usual.length : undefined;
}

/** Some templates print only the first of several calls. */
function refuseDroppedCall(renderer: Renderer, index: number): void {
  const [a, b] = probes(renderer, index, renderer.messages.length, false, ['call arguments']);
  if (a !== b) return;
  throw problem(
    'chat/tool-calls-unsupported',
    `The chat template of ${renderer.template.name} leaves out a tool call of turn ${index + 1}. Split the calls over several turns, or use a model whose template has them all.`,
  );
}

/** The end of `text` that stays when what the turn says is changed. */
function afterProbe([a, b]: readonly [string | undefined, string | undefined], text: string): string | undefined {
  if (a === undefined || b === undefined || a === b) return undefined;
  return text.slice(text.length - Math.min(commonSuffix(a, b), commonSuffix(a, text)));
}

/** The special tokens that end a plain assistant turn, with what stands before them. */
function usualEnd(renderer: Renderer, special: SpecialTokens): string | undefined {
  const { closing } = renderer.usual;
  return closing === undefined || !special.firstIn(closing)
    ? undefined
    : closing.slice(0, closingLength(closing, undefined, special)).trimStart();
}

/** A place moved back out of a special token that it would cut in one of the texts. */
function beforeSplitToken(place: number, texts: readonly string[], special: SpecialTokens): number {
  let moved = place;
  for (const text of texts) {
    const cut = special.all(text).find((token) => token.start < place && place < token.end);
    if (cut) moved = Math.min(moved, cut.start);
  }
  return moved;
}

function impossible(renderer: Renderer, index: number, why: string): Error {
  return problem(
    'chat/mask-impossible',
    `With the chat template of ${renderer.template.name} it cannot be told exactly which tokens turn ${index + 1} contributes: ${why}. Use a template with {% generation %} blocks (data.template: a .jinja file), or data.train_on: all.`,
  );
}
