// Rules about the turns of a chat: who speaks when, and what a turn leaves open.
import { isObject } from '../../data/formats/fields.ts';
import { jsonAt, type Change } from '../edits.ts';
import { nameOf, type LintRow, type Turn } from '../row.ts';
import { sign } from '../signs.ts';
import { nothing, removeRow, type Report, type RowRule } from './rule.ts';

type Check = (row: LintRow) => readonly Report[];
type RuleText = Pick<RowRule, 'severity' | 'title'> & { readonly fix?: string };

function rule(code: string, text: RuleText, check: Check): RowRule {
  return { code, group: 'chat', ...text, check: (row) => (row.turns.length === 0 ? nothing : check(row)) };
}

/** One report for each turn for which `say` has something to say. */
function eachTurn(
  say: (turn: Turn, index: number, row: LintRow) => string | undefined,
  change?: (turn: Turn, index: number, row: LintRow) => Change | undefined,
): Check {
  return (row) => {
    let found: Report[] | undefined;
    row.turns.forEach((turn, i) => {
      const message = say(turn, i, row);
      if (message === undefined) return;
      found ??= [];
      found.push({ message, path: turn.path, ...(change ? { change: () => change(turn, i, row) } : {}) });
    });
    return found ?? nothing;
  };
}

function removeTurns(title: string, { path }: Turn, count = 1): Change {
  return { title, edits: [{ remove: path, count }] };
}

/** The turn's words go behind those of the turn before; only for turns that hold nothing but a role and a text. */
function merge(turn: Turn, index: number, { turns, value, looks, ...row }: LintRow): Change | undefined {
  const before = turns[index - 1]!;
  const list = value[row.columns[looks] ?? looks];
  const isPlain = (i: number): boolean => {
    const own: unknown = Array.isArray(list) ? list[i] : undefined;
    return isObject(own) && Object.keys(own).length === 2;
  };
  if (!isPlain(index) || !isPlain(index - 1)) return undefined;
  const joined = JSON.stringify(`${before.content}\n\n${turn.content}`);
  return { title: 'Join the two turns', edits: [{ set: before.contentPath, json: joined }, { remove: turn.path }] };
}

function moveToFront({ path }: Turn, index: number, { turns, text }: LintRow): Change | undefined {
  const first = turns[0]!;
  if (first.role === 'system') return undefined;
  return {
    title: 'Move the system turn to the beginning',
    edits: [{ insertBefore: first.path, json: jsonAt(text, path) }, { remove: path }],
  };
}

/** A thinking tag that is opened and not closed, or closed and not opened. */
const thinkingTag = /<(\/?)(think|thinking|reasoning)>/g;

/** Code, of one word or of many lines: a tag in it is spoken of, not used. */
const code = /(`+)(?!`)[^]*?[^`]\1(?!`)/g;

function openThinking(text: string): string | undefined {
  let open: string | undefined;
  for (const [tag, slash, name] of text.replace(code, '').matchAll(thinkingTag)) {
    if (slash === '' && open === undefined) open = name;
    else if (slash === '/' && open === name) open = undefined;
    else return tag;
  }
  return open === undefined ? undefined : `<${open}>`;
}

/** Lines that open or close a code block (CommonMark 4.5): at least three backticks or tildes. */
const fenceLine = /^( *)(`{3,}|~{3,})(.*)$/gm;

/** Spaces that may stand before a fence. */
const fenceIndent = 3;

/**
 * The marks of a code block that is opened and not closed. A fence inside of a block is text, unless it can close it. What
 * was cut out of a list may be closed by a line that is indented deeper: a block is open only where it is so either way.
 */
export function openFence(text: string): string | undefined {
  const open = openBy(text, fenceIndent);
  return open === undefined ? undefined : openBy(text, Infinity);
}

function openBy(text: string, closingIndent: number): string | undefined {
  let open: string | undefined;
  for (const [, indent = '', marks = '', rest = ''] of text.matchAll(fenceLine)) {
    const isClosing =
      open !== undefined && indent.length <= closingIndent && marks.startsWith(open) && rest.trim() === '';
    if (isClosing) open = undefined;
    else if (open === undefined && indent.length <= fenceIndent && !rest.includes('`')) open = marks;
  }
  return open;
}

/** Whether the row shows a sign, or may hold it in escapes. */
function mayHold({ signs }: LintRow, one: number): boolean {
  return (signs & (one | sign.escape)) !== 0;
}

const nameless = { system: 'the system', user: 'the user', assistant: 'the assistant', tool: 'a tool' } as const;

export const chatRules: readonly RowRule[] = [
  rule(
    'chat/role-order',
    { severity: 'warning', title: 'Two turns of the same speaker in a row', fix: 'joins the two turns' },
    eachTurn(({ role, calls }, i, { turns }) => {
      const before = turns[i - 1];
      const repeated = (role === 'user' || role === 'assistant') && before?.role === role;
      if (!repeated || calls > 0 || before.calls > 0) return undefined;
      return `Two ${role} turns follow each other; most chat templates refuse that or join them. Merge them, or add what was said between.`;
    }, merge),
  ),
  rule('chat/first-turn', { severity: 'warning', title: 'The chat does not begin with the user' }, ({ turns }) => {
    const first = turns.find(({ role }) => role !== 'system');
    if (first?.role === undefined || first.role === 'user') return nothing;
    const message = `The chat begins with a turn of ${nameless[first.role]}; the model would learn to speak first. Begin with the user's turn.`;
    return [{ message, path: first.path }];
  }),
  rule(
    'chat/empty-turn',
    { severity: 'warning', title: 'A turn that says nothing', fix: 'removes the turn where it is the last' },
    eachTurn(
      ({ content, calls, role }) =>
        content.trim() === '' && calls === 0 && role !== undefined && role !== 'tool'
          ? `The ${role} turn is empty. Fill it in or take it out.`
          : undefined,
      (turn, i, { turns }) => (i === turns.length - 1 && i > 0 ? removeTurns('Remove the turn', turn) : undefined),
    ),
  ),
  rule(
    'chat/no-assistant-turn',
    { severity: 'error', title: 'A chat without an answer', fix: 'removes the row' },
    (row) => {
      if (row.turns.some(({ role }) => role === 'assistant' || role === undefined)) return nothing;
      const message =
        'The chat has no assistant turn, so there is nothing to learn from it. Add the answer or leave the row out.';
      return [{ message, path: [nameOf(row, row.looks)], change: removeRow }];
    },
  ),
  rule(
    'chat/last-turn',
    {
      severity: 'warning',
      title: 'The last turn is not the assistant’s',
      fix: 'removes the turns after the last answer',
    },
    ({ turns }) => {
      const last = turns.at(-1);
      const answer = turns.findLastIndex(({ role }) => role === 'assistant');
      if (answer < 0 || last?.role === undefined || last.role === 'assistant') return nothing;
      const message = `The last turn is that of ${nameless[last.role]}; nothing answers it. Add the answer or take it out.`;
      const count = turns.length - answer - 1;
      const title = count === 1 ? 'Remove the turn' : `Remove the last ${count} turns`;
      // What a call leaves without its result would be wrong again.
      const isCall = turns[answer]!.calls > 0;
      const change = isCall ? {} : { change: () => removeTurns(title, turns[answer + 1]!, count) };
      return [{ message, path: last.path, ...change }];
    },
  ),
  rule(
    'chat/system-not-first',
    {
      severity: 'warning',
      title: 'A system turn that is not the first',
      fix: 'moves the turn to the beginning, unless another one stands there',
    },
    eachTurn(
      ({ role }, i) =>
        role === 'system' && i > 0
          ? 'A system turn stands inside the chat; most chat templates allow it only at the beginning.'
          : undefined,
      moveToFront,
    ),
  ),
  rule(
    'chat/tool-call-without-result',
    { severity: 'warning', title: 'A tool call that nothing answers' },
    eachTurn(({ calls }, i, { turns }) => {
      const next = turns[i + 1];
      if (calls === 0 || next?.role === undefined || next.role === 'tool' || next.calls > 0) return undefined;
      return 'The tool is called, but its result is not in the chat. Add a tool turn after it.';
    }),
  ),
  rule(
    'chat/tool-result-without-call',
    { severity: 'warning', title: 'A tool result that nothing asked for' },
    eachTurn(({ role }, i, { turns }) => {
      if (role !== 'tool') return undefined;
      const asked = turns.slice(0, i).findLast((turn) => turn.role !== 'tool');
      const isAsked = asked !== undefined && (asked.role === undefined || asked.calls > 0);
      return isAsked ? undefined : 'The result of a tool stands here, but no tool was called before it.';
    }),
  ),
  rule('chat/unclosed-thinking', { severity: 'warning', title: 'A thinking tag that is not closed' }, (row) =>
    !mayHold(row, sign.thinking)
      ? nothing
      : eachTurn(({ role, content }) => {
          const tag = role === 'assistant' ? openThinking(content) : undefined;
          return tag && `${tag} has no counterpart; the model would learn to think without an end.`;
        })(row),
  ),
  rule(
    'chat/unclosed-code-fence',
    { severity: 'warning', title: 'A code block that is not closed', fix: 'closes the block at the end of the turn' },
    (row) =>
      !mayHold(row, sign.fence)
        ? nothing
        : eachTurn(
            ({ role, content }) =>
              role === 'assistant' && openFence(content) !== undefined
                ? 'A code block is opened and not closed; the answer may have been cut off.'
                : undefined,
            ({ content, contentPath }) => ({
              title: 'Close the code block',
              edits: [{ replace: contentPath, text: `${content.trimEnd()}\n${openFence(content) ?? ''}` }],
            }),
          )(row),
  ),
];
