// A model's chat template (Jinja): messages to the text that the model was taught to read, as transformers renders it.
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { problem } from '../protocol/problem.ts';
import { methodVariable, pythonStringMethods, usePythonStrings } from './jinjaStrings.ts';
import { plainRendering } from './plainRendering.ts';
import { formatDate } from './strftime.ts';

/** Values that templates may see: JSON, with absent fields allowed. */
export type TemplateValue =
  string | number | boolean | null | undefined | readonly TemplateValue[] | { readonly [key: string]: TemplateValue };

export interface RenderOptions {
  readonly tools?: readonly TemplateValue[];
  readonly documents?: readonly TemplateValue[];
  /** Ask for the assistant's answer: the template ends with what opens an assistant turn. Default false. */
  readonly addGenerationPrompt?: boolean;
  /** `bos_token`, `eos_token` and further special tokens by their name in tokenizer_config.json. */
  readonly specialTokens?: Readonly<Record<string, string>>;
  /** Further variables that some templates read, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, TemplateValue>>;
  /**
   * What `strftime_now` tells, in UTC. Default 2024-07-26, the date that Llama 3 templates fall back to, so that the same
   * rows give the same tokens on every day.
   */
  readonly now?: Date;
}

/** Characters [start, end) of the rendered text. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

export interface ChatTemplate {
  /** What messages call it: the model's name, a file. */
  readonly name: string;
  readonly source: string;
  /** The template marks what the assistant says by {% generation %} blocks. */
  readonly marksGeneration: boolean;
  /** @throws ProblemError `chat/template-failed` with what the template said. */
  render(messages: readonly TemplateValue[], options?: RenderOptions): string;
  /** The same text, and the spans that came out of {% generation %} blocks. */
  renderMarked(messages: readonly TemplateValue[], options?: RenderOptions): { text: string; spans: TextSpan[] };
}

const generationTag = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;
const openMark = 'generation_open_mark';
const closeMark = 'generation_close_mark';
const defaultNow = new Date(Date.UTC(2024, 6, 26));
/** transformers gives templates the reasoning under each of these names, whichever the data uses. */
const reasoningFields = ['reasoning_content', 'reasoning', 'thinking'] as const;

/**
 * Parses a template. Blocks are trimmed as transformers has it (`trim_blocks`, `lstrip_blocks`).
 * @throws ProblemError `chat/template-syntax`.
 */
export function compileChatTemplate(source: string, name: string): ChatTemplate {
  // The library drops generation tags. Each becomes an expression that prints a mark, between two block tags that take
  // over its whitespace control.
  const marked = source.replace(
    generationTag,
    (_tag, left: string, end: string | undefined, right: string) =>
      `{%${left} if true %}{{ ${end ? closeMark : openMark} }}{% endif ${right}%}`,
  );
  const program = parsed(marked, name);
  const globals = globalsOf(defaultNow);
  const interpreted = (messages: readonly TemplateValue[], options: RenderOptions, open: string, close: string) => {
    const environment = environmentFor(messages, options, options.now ? globalsOf(options.now) : globals);
    environment.set(openMark, open);
    environment.set(closeMark, close);
    const { value } = new Interpreter(environment).run(program);
    return typeof value === 'string' ? value : undefined;
  };
  const run = (messages: readonly TemplateValue[], options: RenderOptions, open: string, close: string): string => {
    try {
      const text = interpreted(messages, options, open, close);
      // Python refuses to add an object to a string; here it is printed as the name of its type, which a text may hold too.
      const addsObject = (printed: string | undefined): boolean => printed?.includes(objectText) === true;
      if (addsObject(text) && addsObject(interpreted(withoutTypeNames(messages), options, open, close)))
        throw new Error('it adds an object to a text (can only concatenate str to str)');
      if (text !== undefined) return text;
    } catch (error) {
      throw problem('chat/template-failed', `The chat template of ${name} refused the conversation: ${reason(error)}`);
    }
    throw problem('chat/template-failed', `The chat template of ${name} rendered no text.`);
  };
  const plain = plainRendering(program, source, (messages, options) => run(messages, options, '', ''));
  return {
    name,
    source,
    marksGeneration: marked !== source,
    render(messages, options = {}) {
      const text = plain(messages, options);
      return text === undefined || text.includes(objectText) ? run(messages, options, '', '') : text;
    },
    renderMarked(messages, options = {}) {
      const [open, close] = unusedCharacters(JSON.stringify([messages, options, source]));
      return spansOf(run(messages, options, open, close), open, close, name);
    },
  };
}

/** Renders once; for many conversations compile the template first. */
export function renderChat(
  template: string,
  messages: readonly TemplateValue[],
  options: RenderOptions & { readonly name?: string } = {},
): string {
  return compileChatTemplate(template, options.name ?? 'the model').render(messages, options);
}

function parsed(source: string, name: string): ReturnType<typeof parse> {
  try {
    const program = parse(tokenize(source, { trim_blocks: true, lstrip_blocks: true }));
    usePythonStrings(program);
    return program;
  } catch (error) {
    throw problem('chat/template-syntax', `The chat template of ${name} is not valid Jinja: ${reason(error)}`);
  }
}

/** What every template may call. Nothing that a template sets reaches it, so it is made once. */
function globalsOf(now: Date): Environment {
  const globals = new Environment();
  for (const [name, value] of Object.entries({ true: true, false: false, none: null })) {
    globals.set(name, value);
    globals.set(name.charAt(0).toUpperCase() + name.slice(1), value);
  }
  for (const [name, method] of Object.entries(pythonStringMethods)) globals.set(methodVariable(name), method);
  globals.set('range', range);
  globals.set('raise_exception', (message: unknown) => {
    throw new Error(String(message));
  });
  globals.set('strftime_now', (format: unknown) => formatDate(now, String(format)));
  return globals;
}

function environmentFor(messages: readonly TemplateValue[], options: RenderOptions, globals: Environment): Environment {
  const environment = new Environment(globals);
  const given = {
    ...options.specialTokens,
    messages: messages.map(withReasoningNames),
    tools: options.tools ?? null,
    documents: options.documents ?? null,
    add_generation_prompt: options.addGenerationPrompt ?? false,
    ...options.variables,
  };
  for (const [name, value] of Object.entries(given)) environment.set(name, value);
  return environment;
}

function withReasoningNames(message: TemplateValue): TemplateValue {
  if (typeof message !== 'object' || message === null || isList(message)) return message;
  const fields = Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined));
  const reasoning = reasoningFields
    .map((field) => fields[field])
    .find((value) => value !== undefined && value !== null);
  if (reasoning === undefined) return fields;
  return { ...Object.fromEntries(reasoningFields.map((field) => [field, reasoning])), ...fields };
}

function isList(value: TemplateValue): value is readonly TemplateValue[] {
  return Array.isArray(value);
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const values: number[] = [];
  for (let value = from; step > 0 ? value < to : value > to; value += step) values.push(value);
  return values;
}

const objectText = '[object Map]';

/** The same messages, but for texts that hold what an object is printed as. */
function withoutTypeNames(messages: readonly TemplateValue[]): readonly TemplateValue[] {
  const changed = (value: TemplateValue): TemplateValue => {
    if (typeof value === 'string') return value.replaceAll(objectText, objectText.toUpperCase());
    if (typeof value !== 'object' || value === null) return value;
    if (isList(value)) return value.map(changed);
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, changed(member)]));
  };
  return messages.map(changed);
}

/** Two characters of the private use area that the text does not have. */
function unusedCharacters(text: string): [string, string] {
  const free: string[] = [];
  for (let code = 0xe000; code <= 0xf8ff; code++) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) free.push(character);
    const [open, close] = free;
    if (open !== undefined && close !== undefined) return [open, close];
  }
  throw problem('chat/private-characters', 'The conversation uses every character of the private use area.');
}

function spansOf(marked: string, open: string, close: string, name: string): { text: string; spans: TextSpan[] } {
  const spans: TextSpan[] = [];
  let text = '';
  let from = 0;
  let start: number | undefined;
  for (let at = 0; at < marked.length; at++) {
    const character = marked[at];
    if (character !== open && character !== close) continue;
    text += marked.slice(from, at);
    from = at + 1;
    if ((character === open) === (start !== undefined)) {
      throw problem(
        'chat/template-generation',
        `The {% generation %} blocks of the chat template of ${name} are not paired.`,
      );
    }
    if (start !== undefined && text.length > start) spans.push({ start, end: text.length });
    start = character === open ? text.length : undefined;
  }
  return { text: text + marked.slice(from), spans };
}

function reason(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.endsWith('.') ? said : `${said}.`;
}
