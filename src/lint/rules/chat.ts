// Rules about the turns of a chat: who speaks when, and what a turn leaves open.
import type { LintRow, Turn } from '../row.ts';
import { nothing, type Report, type RowRule } from './rule.ts';

type Check = (turns: readonly Turn[], row: LintRow) => readonly Report[];

function rule(code: string, severity: RowRule['severity'], title: string, check: Check): RowRule {
  return {
    code,
    group: 'chat',
    severity,
    title,
    check: (row) => (row.turns.length === 0 ? nothing : check(row.turns, row)),
  };
}

/** One report for each turn for which `say` has something to say. */
function eachTurn(say: (turn: Turn, index: number, turns: readonly Turn[]) => string | undefined): Check {
  return (turns) => {
    const found: Report[] = [];
    turns.forEach((turn, i) => {
      const message = say(turn, i, turns);
      if (message !== undefined) found.push({ message, path: turn.path });
    });
    return found;
  };
}

/** A thinking tag that is opened and not closed, or closed and not opened. */
const thinkingTag = /<(\/?)(think|thinking|reasoning)>/g;

function openThinking(text: string): string | undefined {
  if (!text.includes('<')) return undefined;
  let open: string | undefined;
  for (const [tag, slash, name] of text.matchAll(thinkingTag)) {
    if (slash === '' && open === undefined) open = name;
    else if (slash === '/' && open === name) open = undefined;
    else return tag;
  }
  return open === undefined ? undefined : `<${open}>`;
}

const fence = /^ {0,3}(?:```|~~~)/gm;

export const chatRules: readonly RowRule[] = [
  rule(
    'chat/role-order',
    'warning',
    'Two turns of the same speaker in a row',
    eachTurn(({ speaker, calls }, i, turns) => {
      const before = turns[i - 1];
      const repeated = (speaker === 'user' || speaker === 'assistant') && before?.speaker === speaker;
      if (!repeated || calls.length > 0 || before.calls.length > 0) return undefined;
      return `Two ${speaker} turns follow each other; most chat templates refuse that or join them. Merge them, or add what was said between.`;
    }),
  ),
  rule('chat/first-turn', 'warning', 'The chat does not begin with the user', (turns) => {
    const first = turns.find(({ speaker }) => speaker !== 'system');
    if (first === undefined || first.speaker === undefined || first.speaker === 'user') return nothing;
    const message = `The chat begins with a turn of the ${first.speaker}; the model would learn to speak first. Begin with the user's turn.`;
    return [{ message, path: first.path }];
  }),
  rule(
    'chat/empty-turn',
    'warning',
    'A turn that says nothing',
    eachTurn(({ content, calls, speaker }) =>
      content.trim() === '' && calls.length === 0 && speaker !== undefined && speaker !== 'tool'
        ? `The ${speaker} turn is empty. Fill it in or take it out.`
        : undefined,
    ),
  ),
  rule('chat/no-assistant-turn', 'error', 'A chat without an answer', (turns, row) =>
    turns.some(({ speaker }) => speaker === 'assistant' || speaker === undefined)
      ? nothing
      : [
          {
            message:
              'The chat has no assistant turn, so there is nothing to learn from it. Add the answer or leave the row out.',
            path: [row.columns[row.looks] ?? row.looks],
          },
        ],
  ),
  rule('chat/last-turn', 'warning', 'The last turn is not the assistant’s', (turns) => {
    const last = turns.at(-1);
    const answered = turns.some(({ speaker }) => speaker === 'assistant');
    if (!last || !answered || last.speaker === 'assistant' || last.speaker === undefined) return nothing;
    return [
      {
        message: `The last turn is the ${last.speaker}'s; nothing answers it. Add the answer or take it out.`,
        path: last.path,
      },
    ];
  }),
  rule(
    'chat/system-not-first',
    'warning',
    'A system turn that is not the first',
    eachTurn(({ speaker }, i) =>
      speaker === 'system' && i > 0
        ? 'A system turn stands inside the chat; most chat templates allow it only at the beginning.'
        : undefined,
    ),
  ),
  rule(
    'chat/tool-call-without-result',
    'warning',
    'A tool call that nothing answers',
    eachTurn(({ calls }, i, turns) => {
      const next = turns[i + 1];
      if (calls.length === 0 || next === undefined || next.speaker === 'tool' || next.speaker === undefined)
        return undefined;
      return next.calls.length > 0
        ? undefined
        : 'The tool is called, but its result is not in the chat. Add a tool turn after it.';
    }),
  ),
  rule(
    'chat/tool-result-without-call',
    'warning',
    'A tool result that nothing asked for',
    eachTurn(({ speaker }, i, turns) => {
      const asked = turns.slice(0, i).findLast((turn) => turn.speaker !== 'tool');
      const isLost = speaker === 'tool' && asked?.speaker !== undefined && asked.calls.length === 0;
      return isLost || (speaker === 'tool' && i === 0)
        ? 'The result of a tool stands here, but no tool was called before it.'
        : undefined;
    }),
  ),
  rule(
    'chat/unclosed-thinking',
    'warning',
    'A thinking tag that is not closed',
    eachTurn(({ speaker, content }) => {
      const tag = speaker === 'assistant' ? openThinking(content) : undefined;
      return tag === undefined
        ? undefined
        : `${tag} has no counterpart; the model would learn to think without an end.`;
    }),
  ),
  rule(
    'chat/unclosed-code-fence',
    'warning',
    'A code block that is not closed',
    eachTurn(({ speaker, content }) =>
      speaker === 'assistant' && content.includes('```') && [...content.matchAll(fence)].length % 2 === 1
        ? 'A code block is opened and not closed; the answer may have been cut off.'
        : undefined,
    ),
  ),
];
