// Whose words a text of a row are, by its path.
import type { Columns, Format } from '../data/formats/format.ts';
import type { JsonPath } from '../data/json/locate.ts';

export type LensRole = 'system' | 'user' | 'assistant' | 'tool' | 'tools' | 'text' | 'template';

/** Roles of turns as datasets write them. */
const turnRoles: Readonly<Partial<Record<string, LensRole>>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  chatgpt: 'assistant',
  function_call: 'assistant',
  tool_call: 'assistant',
  tool: 'tool',
  function: 'tool',
  observation: 'tool',
  tool_response: 'tool',
};

/** Roles of fields that hold a whole text, by our names. */
const fieldRoles: Readonly<Partial<Record<string, LensRole>>> = {
  system: 'system',
  instruction: 'user',
  input: 'user',
  question: 'user',
  prompt: 'user',
  output: 'assistant',
  completion: 'assistant',
  steps: 'assistant',
  answer: 'assistant',
  chosen: 'assistant',
  text: 'text',
  tools: 'tools',
};

/** `template` for a text that is not in the row, which has no path. */
export function roleOf(
  path: JsonPath | undefined,
  value: Readonly<Record<string, unknown>>,
  { columns }: { readonly format: Format; readonly columns: Columns },
): LensRole {
  if (path === undefined) return 'template';
  const [name, index] = path;
  const list = typeof name === 'string' ? value[name] : undefined;
  const turn: unknown = Array.isArray(list) && typeof index === 'number' ? list[index] : undefined;
  if (typeof turn === 'object' && turn !== null) {
    const said: unknown = Reflect.get(turn, 'role') ?? Reflect.get(turn, 'from');
    const role = typeof said === 'string' ? turnRoles[said.toLowerCase()] : undefined;
    if (role) return role;
  }
  const field = Object.keys(columns).find((ours) => columns[ours] === name) ?? String(name);
  return fieldRoles[field] ?? 'template';
}
