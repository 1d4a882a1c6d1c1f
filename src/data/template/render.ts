// A conversation rendered by a chat template: whole, as its first turns, or with one turn changed.
import type { ChatTemplate, RenderOptions, TemplateValue, TextSpan } from '../../models/chatTemplate.ts';
import { ProblemError, problem, type Problem } from '../../protocol/problem.ts';
import type { Json, Message } from '../records.ts';
import type { Conversation } from './conversation.ts';
import { commonSuffix } from './probe.ts';

/** How a template wants to see calls: templates differ in what they do with an empty content and with arguments. */
type CallForm = 'object, null content' | 'object, empty content' | 'text, null content';
const callForms: readonly CallForm[] = ['object, null content', 'object, empty content', 'text, null content'];

/** A template with what it is rendered with; one object for all rows of a dataset. */
export interface TemplateUse {
  readonly template: ChatTemplate;
  readonly options: RenderOptions;
}

export interface UsualTurn {
  /** The generation prompt, such as `<|im_start|>assistant\n`; empty where it cannot be told. */
  readonly opening: string;
  /** What follows the content of a turn that ends the conversation; undefined where it cannot be told. */
  readonly closing: string | undefined;
}

export interface Renderer {
  readonly template: ChatTemplate;
  readonly messages: readonly Message[];
  readonly full: string;
  /** The first `count` turns; undefined where the template refuses them. */
  prefix(count: number, addGenerationPrompt: boolean, messages?: readonly Message[]): string | undefined;
  /** How this template opens and closes a plain assistant turn. */
  readonly usual: UsualTurn;
  /** The whole conversation with the spans of its {% generation %} blocks. */
  marked(count: number): TextSpan[];
}

/**
 * Renders the whole conversation and finds on the way the form in which this template takes tool calls.
 * @throws ProblemError `chat/template-failed` naming the turn that the template refuses.
 */
export function renderer(conversation: Conversation, use: TemplateUse): Renderer {
  const { messages } = conversation;
  const { template, options } = use;
  const settings: RenderOptions = { ...options, ...(conversation.tools ? { tools: conversation.tools } : {}) };
  const render = (turns: readonly Message[], form: CallForm, addGenerationPrompt: boolean): string =>
    template.render(templateMessages(turns, form), { ...settings, addGenerationPrompt });
  const { form, full } = firstGoodForm(messages, template, render);
  return {
    template,
    messages,
    full,
    usual: usualTurn(use),
    prefix(count, addGenerationPrompt, changed = messages) {
      return orUndefined(() => render(changed.slice(0, count), form, addGenerationPrompt));
    },
    marked: (count) => template.renderMarked(templateMessages(messages.slice(0, count), form), settings).spans,
  };
}

function firstGoodForm(
  messages: readonly Message[],
  template: ChatTemplate,
  render: (turns: readonly Message[], form: CallForm, addGenerationPrompt: boolean) => string,
): { form: CallForm; full: string } {
  const calls = messages.flatMap((message) => message.tool_calls ?? []);
  const forms = calls.length > 0 ? callForms : callForms.slice(0, 1);
  let failure: ProblemError | undefined;
  let dropped = false;
  for (const form of forms) {
    try {
      const full = render(messages, form, false);
      if (calls.every((call) => full.includes(call.function.name))) return { form, full };
      dropped = true;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      // Templates without tools stumble over a null content; what they say of an empty one tells more.
      if (!failure || form === 'object, empty content') failure = error;
    }
  }
  if (dropped || !failure) {
    throw problem(
      'chat/tool-calls-unsupported',
      `The chat template of ${template.name} leaves tool calls out, so they cannot be learned with it. Use a model whose template has tools, or rows without calls.`,
    );
  }
  throw withTurn(
    failure,
    refusedTurn(messages, (turns) => render(turns, forms[0] ?? 'object, null content', false)),
  );
}

/** The first turn at which the template fails, counting from 1. */
function refusedTurn(messages: readonly Message[], render: (turns: readonly Message[]) => string): number {
  for (let count = 1; count < messages.length; count++) {
    try {
      render(messages.slice(0, count));
    } catch {
      return count;
    }
  }
  return messages.length;
}

function withTurn(failure: ProblemError, turn: number): ProblemError {
  return new ProblemError(
    failure.problems.map((p): Problem => ({
      ...p,
      details: [...(p.details ?? []), `at turn ${turn} of the conversation`],
    })),
  );
}

function templateMessages(messages: readonly Message[], form: CallForm): TemplateValue[] {
  return messages.map((message): TemplateValue => {
    const { role, content, reasoning_content, tool_calls, tool_call_id, name } = message;
    const given = { role, content, reasoning_content, tool_call_id, name };
    if (!tool_calls || tool_calls.length === 0) return given;
    return {
      ...given,
      content: content === '' && form !== 'object, empty content' ? null : content,
      tool_calls: tool_calls.map((call) =>
        form === 'text, null content'
          ? { ...call, function: { ...call.function, arguments: pythonJson(call.function.arguments) } }
          : { ...call, function: { ...call.function } },
      ),
    };
  });
}

/** JSON as Python's `json.dumps` writes it: a space after every comma and colon. */
function pythonJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => pythonJson(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${pythonJson(item)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

const usualTurns = new WeakMap<TemplateUse, UsualTurn>();

function usualTurn(use: TemplateUse): UsualTurn {
  const known = usualTurns.get(use);
  if (known) return known;
  const render = (answer: string | undefined, addGenerationPrompt: boolean): string | undefined => {
    const user = { role: 'user', content: 'Hello' };
    const messages = answer === undefined ? [user] : [user, { role: 'assistant', content: answer }];
    return orUndefined(() => use.template.render(messages, { ...use.options, addGenerationPrompt }));
  };
  const [before, prompt, a, b] = [
    render(undefined, false),
    render(undefined, true),
    render('probe', false),
    render('other', false),
  ];
  const usual = {
    opening: before !== undefined && prompt?.startsWith(before) ? prompt.slice(before.length) : '',
    closing: a === undefined || b === undefined || a === b ? undefined : a.slice(a.length - commonSuffix(a, b)),
  };
  usualTurns.set(use, usual);
  return usual;
}

function orUndefined<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}
