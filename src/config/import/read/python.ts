// Python scripts and notebooks to keys: the arguments of the calls that set up a training, read and never run.

import { Expression, type Source, type SourceKey } from '../source.ts';
import { pythonTokens, type PythonToken } from './pythonTokens.ts';
import { pythonValue, type Constants } from './pythonValues.ts';

interface CallKind {
  /** The last names of the call, such as `SFTConfig`. */
  readonly callee: RegExp;
  /** Only the first call of a kind counts; a notebook loads its result again further down. */
  readonly kind: string;
  /** Names of the arguments that may be given by place. */
  readonly positional: readonly string[];
}

const calls: readonly CallKind[] = [
  {
    callee: /^(?:Fast\w*|AutoModel(?:ForCausalLM|ForImageTextToText|ForMultimodalLM)?)\.from_pretrained$/,
    kind: 'model',
    positional: ['model_name'],
  },
  { callee: /(?:^|\.)get_peft_model$/, kind: 'adapter', positional: [] },
  { callee: /^LoraConfig$/, kind: 'adapter', positional: [] },
  { callee: /^BitsAndBytesConfig$/, kind: 'quantization', positional: [] },
  { callee: /^load_dataset$/, kind: 'dataset', positional: ['path', 'name'] },
  { callee: /^get_chat_template$/, kind: 'template', positional: [] },
  { callee: /^train_on_responses_only$/, kind: 'mask', positional: [] },
  {
    callee: /^(?:\w+\.)?\w*(?:TrainingArguments|[a-z0-9A-Z](?<!Lora|Auto|Model)Config)$/,
    kind: 'training',
    positional: [],
  },
  { callee: /^\w*Trainer$/, kind: 'trainer', positional: [] },
];

/** Configs of TRL that hold training arguments; others (`GenerationConfig`, `AutoConfig`) do not. */
const trainingConfig =
  /^(?:trl\.|transformers\.)?(?:\w*TrainingArguments|(?:\w*SFT|DPO|GRPO|ORPO|KTO|CPO|BCO|XPO|PPO|RLOO|GKD|GOLD|PRM|TPO|SDFT|SDPO|SSD|Distillation|AsyncGRPO|Reward|NashMD|OnlineDPO)Config)$/;

/** Keys of a Python script. */
export function readPython(text: string, file: string): Source {
  const tokens = pythonTokens(withoutMagics(text));
  const lineAt = lineCounter(text);
  const assignments = assignmentsOf(tokens);
  const seen = new Map<string, number>();
  const keys: SourceKey[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const call = callAt(tokens, at);
    if (!call) continue;
    const line = lineAt(tokens[at]!.start).line;
    const first = seen.get(call.kind.kind);
    if (first === undefined) seen.set(call.kind.kind, line);
    const constants = constantsBefore(assignments, tokens[at]!.start, text);
    let position = 0;
    for (const argument of argumentsOf(tokens, call.open)) {
      const [name, sign] = argument;
      const isNamed = name?.kind === 'name' && sign?.text === '=';
      const named = isNamed ? name.text : call.kind.positional[position];
      if (!isNamed) position += 1;
      if (named === undefined || argument[0]?.text === '*' || argument[0]?.text === '**') continue;
      const value = pythonValue(isNamed ? argument.slice(2) : argument, text, constants);
      const scope = call.kind.kind === 'trainer' ? 'Trainer' : (call.name.split('.').at(-1) ?? call.name);
      keys.push({
        shown: `${call.name}.${named}`,
        name: named,
        scope,
        indexes: [],
        value,
        place: { file, ...lineAt((argument[0] ?? tokens[at]!).start) },
        ...(first === undefined
          ? {}
          : { overruled: `The call of this kind on line ${first} counts; this further one was not read.` }),
      });
    }
  }
  return { dialect: 'python', keys, remarks: [] };
}

/** Lines of a notebook that are for its shell (`!pip …`, `%%capture`) are no Python; blanked, so that offsets stay. */
function withoutMagics(text: string): string {
  return text.replaceAll(/^[ \t]*[!%][^\n]*/gm, (line) => ' '.repeat(line.length));
}

interface Call {
  readonly kind: CallKind;
  readonly name: string;
  /** Index of the opening bracket. */
  readonly open: number;
}

/** A known call whose name begins at this token. */
function callAt(tokens: readonly PythonToken[], start: number): Call | undefined {
  const before = tokens[start - 1];
  if (tokens[start]?.kind !== 'name' || before?.text === '.') return undefined;
  if (before?.kind === 'name' && /^(?:class|def|import|from)$/.test(before.text)) return undefined;
  let name = tokens[start].text;
  let at = start + 1;
  while (tokens[at]?.text === '.' && tokens[at + 1]?.kind === 'name') {
    name += `.${tokens[at + 1]?.text ?? ''}`;
    at += 2;
  }
  if (tokens[at]?.text !== '(' || tokens[at]?.kind !== 'sign') return undefined;
  const kind = calls.find(({ callee }) => callee.test(name));
  if (!kind || (kind.kind === 'training' && !trainingConfig.test(name))) return undefined;
  return { kind, name, open: at };
}

/** The arguments of a call, each as its tokens. */
function argumentsOf(tokens: readonly PythonToken[], open: number): PythonToken[][] {
  const found: PythonToken[][] = [];
  let current: PythonToken[] = [];
  let depth = 0;
  for (const token of tokens.slice(open)) {
    const sign = token.kind === 'sign' ? token.text : '';
    if ('([{'.includes(sign) && sign !== '') {
      depth += 1;
      if (depth === 1) continue;
    }
    if (')]}'.includes(sign) && sign !== '') depth -= 1;
    if (depth === 0) break;
    if (sign === ',' && depth === 1) {
      found.push(current);
      current = [];
    } else if (token.kind !== 'newline') current.push(token);
  }
  return [...found, current].filter((argument) => argument.length > 0);
}

interface Assignment {
  readonly name: string;
  readonly value: readonly PythonToken[];
  readonly start: number;
}

/** `name = value` at the beginning of a line, in any block. */
function assignmentsOf(tokens: readonly PythonToken[]): Assignment[] {
  const found: Assignment[] = [];
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'sign' && '([{'.includes(token.text)) depth += 1;
    if (token.kind === 'sign' && ')]}'.includes(token.text)) depth -= 1;
    const startsLine = at === 0 || tokens[at - 1]?.kind === 'newline';
    if (depth !== 0 || !startsLine || token.kind !== 'name' || tokens[at + 1]?.text !== '=') continue;
    found.push({ name: token.text, value: restOfStatement(tokens, at + 2), start: token.start });
  }
  return found;
}

function restOfStatement(tokens: readonly PythonToken[], start: number): PythonToken[] {
  let depth = 0;
  const rest: PythonToken[] = [];
  for (const token of tokens.slice(start, start + 400)) {
    if (token.kind === 'newline' && depth === 0) break;
    if (token.kind === 'sign' && token.text === ';' && depth === 0) break;
    if (token.kind === 'sign' && '([{'.includes(token.text)) depth += 1;
    if (token.kind === 'sign' && ')]}'.includes(token.text)) depth -= 1;
    rest.push(token);
  }
  return rest;
}

/** What names stand for at a place: their last assignment before it. */
function constantsBefore(assignments: readonly Assignment[], offset: number, text: string): Constants {
  return (name) => {
    const assignment = assignments.findLast((found) => found.name === name && found.start < offset);
    if (!assignment) return undefined;
    const value = pythonValue(assignment.value, text, constantsBefore(assignments, assignment.start, text));
    return value instanceof Expression ? undefined : value;
  };
}

function lineCounter(text: string): (offset: number) => { line: number; column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  };
}
