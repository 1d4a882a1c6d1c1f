// The text of a record, and the spans of it that are to be learned, before any token is known.
import type { TextSpan } from '../../models/chatTemplate.ts';
import type { Tokenizer } from '../../models/types.ts';
import { problem, type Problem } from '../../protocol/problem.ts';
import type { CompletionRecord, SingleRecord, InstructionRecord, Message } from '../records.ts';
import { alpacaInputMark, alpacaTemplate } from './alpaca.ts';
import { conversationOf, type Conversation } from './conversation.ts';
import { specialTokensOf, type SpecialTokens } from './endOfTurn.ts';
import { generationSpans } from './generationSpans.ts';
import { renderer, type Renderer, type TemplateUse } from './render.ts';
import type { RowTemplate } from './templates.ts';
import { assistantSpans, type TurnSpan } from './turnSpans.ts';

export interface LaidOut {
  readonly text: string;
  readonly spans: readonly TextSpan[];
  /** Plain text gets what the tokenizer puts around texts (BOS); a chat template has written it already. */
  readonly addSpecialTokens: boolean;
  /** The text is to be followed by EOS, learned. */
  readonly closeWithEos: boolean;
  readonly findings: readonly Problem[];
}

interface Settings {
  readonly tokenizer: Tokenizer;
  readonly template: RowTemplate;
  readonly trainOn: 'assistant' | 'last_assistant' | 'all';
  readonly system?: string;
}

/** @throws ProblemError `chat/template-missing` for a chat without a template, and what the template throws. */
export function layOut(record: SingleRecord, settings: Settings): LaidOut {
  if (record.kind === 'text') return plain(record.text, 0, []);
  const { template } = settings;
  const special = specialTokens(settings.tokenizer);
  if (template === 'none') {
    if (record.kind === 'chat') {
      throw problem(
        'chat/template-missing',
        `${record.sampleId} is a chat, which needs a chat template, and there is none. Set data.template to chat (with a model that has a template), alpaca or the path of a .jinja file.`,
      );
    }
    const prompt = plainPrompt(record, settings.system);
    const answer = record.kind === 'completion' ? record.completion : record.output;
    return plain(prompt + answer, prompt.length, injected(record.sampleId, [prompt], special));
  }
  return chat(record.sampleId, conversation(record, template, settings.system), template, settings, special);
}

/**
 * The text of a record alone, for following its characters to where they come from; a last turn that stays open may be
 * followed by white space that `layOut` leaves out. @throws as `layOut`, but not where only the mask is impossible.
 */
export function renderedText(record: SingleRecord, settings: Settings): string {
  const { template, system } = settings;
  if (record.kind === 'text' || template === 'none') return layOut(record, settings).text;
  return renderer(conversation(record, template, system), template).full;
}

function plain(text: string, from: number, findings: readonly Problem[]): LaidOut {
  const spans = text.length > from ? [{ start: from, end: text.length }] : [];
  return { text, spans, addSpecialTokens: true, closeWithEos: true, findings };
}

/** Without a template: a completion follows its prompt as it is; an instruction and its input each end with a blank line. */
export function plainPrompt(record: CompletionRecord | InstructionRecord, system: string | undefined): string {
  const first = record.system ?? system;
  const before = first === undefined ? '' : `${first}\n\n`;
  if (record.kind === 'completion') return before + record.prompt;
  return `${before}${record.instruction}\n\n${record.input === '' ? '' : `${record.input}\n\n`}`;
}

function conversation(
  record: Exclude<SingleRecord, { kind: 'text' }>,
  { template }: TemplateUse,
  system: string | undefined,
): Conversation {
  if (template.source !== alpacaTemplate || record.kind !== 'instruction' || record.input === '') {
    return conversationOf(record, system);
  }
  const instruction = record.instruction + alpacaInputMark + record.input;
  return conversationOf({ ...record, instruction, input: '' }, system);
}

function chat(
  sampleId: string,
  turns: Conversation,
  use: TemplateUse,
  settings: Settings,
  special: SpecialTokens,
): LaidOut {
  const rendered = renderer(turns, use);
  const all = use.template.marksGeneration ? generationSpans(rendered, special) : assistantSpans(rendered, special);
  const lastTurn = rendered.messages.findLastIndex((message) => message.role === 'assistant');
  const spans = all.filter(
    ({ message }) =>
      rendered.messages[message]?.train !== false && (settings.trainOn !== 'last_assistant' || message === lastTurn),
  );
  // A last turn that the template leaves open is closed by EOS, right after what the assistant said.
  const last = all.at(-1);
  const after = last === undefined ? '' : rendered.full.slice(last.end);
  const open =
    last !== undefined && !last.closed && last.message === rendered.messages.length - 1 && after.trim() === '';
  const text = open ? rendered.full.slice(0, last.end) : rendered.full;
  return {
    text,
    spans,
    addSpecialTokens: false,
    closeWithEos: open && (settings.trainOn === 'all' || spans.at(-1) === last),
    findings: [
      ...injected(sampleId, rendered.messages.flatMap(wordsOf), special),
      ...leftOut(sampleId, rendered, all),
      ...endNotMarked(sampleId, rendered, last, open),
    ],
  };
}

function wordsOf(message: Message): string[] {
  return [message.content, message.reasoning_content ?? ''];
}

/** Special tokens written in the data would be read as the real ones: a turn could be closed by what a user wrote. */
function injected(sampleId: string, texts: readonly string[], special: SpecialTokens): Problem[] {
  const names = new Set(texts.flatMap((text) => special.all(text).map(({ start, end }) => text.slice(start, end))));
  if (names.size === 0) return [];
  return [
    {
      code: 'chat/special-token-in-text',
      severity: 'warning',
      message: `${sampleId} has special tokens of the model in its text (${[...names].join(' ')}); the model will read them as control tokens.`,
    },
  ];
}

/** Reasoning of the last turn that the template does not show is not learned, which the person may have wanted. */
function leftOut(sampleId: string, rendered: Renderer, spans: readonly TurnSpan[]): Problem[] {
  const last = spans.at(-1);
  const message = last && rendered.messages[last.message];
  const reasoning = (message?.reasoning_content ?? /<think>(.*?)<\/think>/s.exec(message?.content ?? '')?.[1])?.trim();
  if (!last || !reasoning || rendered.full.slice(last.start, last.end).includes(reasoning)) return [];
  return [
    {
      code: 'chat/reasoning-left-out',
      severity: 'warning',
      message: `${sampleId} has reasoning that the chat template of ${rendered.template.name} does not render, so it is not learned.`,
    },
  ];
}

/** A template may close a turn outside of its {% generation %} block; then nobody teaches the model to stop. */
function endNotMarked(sampleId: string, rendered: Renderer, last: TurnSpan | undefined, open: boolean): Problem[] {
  if (last === undefined || last.closed || open) return [];
  return [
    {
      code: 'chat/end-of-turn-not-trained',
      severity: 'warning',
      message: `In ${sampleId} the end of the last assistant turn is not learned, because the chat template of ${rendered.template.name} leaves it out of its {% generation %} block; the model may not learn to stop.`,
    },
  ];
}

const known = new WeakMap<Tokenizer, SpecialTokens>();

function specialTokens(tokenizer: Tokenizer): SpecialTokens {
  const special = known.get(tokenizer) ?? specialTokensOf(tokenizer);
  known.set(tokenizer, special);
  return special;
}
