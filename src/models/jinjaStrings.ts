// Python's string methods for chat templates, where the Jinja library does them differently: strip with characters, capitalize.

/** Functions that stand in for methods: the string comes first, then the method's arguments. */
export const pythonStringMethods: Readonly<Record<string, (...args: unknown[]) => string>> = {
  strip: (text, characters) => stripEnd(stripStart(asString(text, 'strip'), characters), characters),
  lstrip: (text, characters) => stripStart(asString(text, 'lstrip'), characters),
  rstrip: (text, characters) => stripEnd(asString(text, 'rstrip'), characters),
  capitalize: (text) => {
    const [first = '', ...rest] = Array.from(asString(text, 'capitalize'));
    return first.toUpperCase() + rest.join('').toLowerCase();
  },
};

/** Variable under which a template finds the stand-in of a method. */
export function methodVariable(method: string): string {
  return `python_string_${method}`;
}

/**
 * Lets a parsed template call the stand-ins: every `x.strip(…)` in it becomes `python_string_strip(x, …)`.
 * The tree is changed in place.
 */
export function usePythonStrings(tree: unknown): void {
  if (Array.isArray(tree)) {
    for (const item of tree) usePythonStrings(item);
    return;
  }
  if (!isNode(tree)) return;
  for (const child of Object.values(tree)) usePythonStrings(child);
  const { type, callee, args } = tree;
  if (type !== 'CallExpression' || !isNode(callee) || !Array.isArray(args)) return;
  const property = callee['property'];
  if (callee['type'] !== 'MemberExpression' || callee['computed'] !== false || !isNode(property)) return;
  const method = property['value'];
  if (typeof method !== 'string' || !Object.hasOwn(pythonStringMethods, method)) return;
  args.unshift(callee['object']);
  property['value'] = methodVariable(method);
  tree['callee'] = property;
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function asString(value: unknown, method: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${method}() is a method of strings, and this is ${value === null ? 'none' : typeof value}`);
}

/** Whether a character is to be taken away: one of those given, else what is white space to Python. */
function strips(characters: unknown): (character: string) => boolean {
  if (typeof characters === 'string') return (character) => characters.includes(character);
  return (c) => (/\s/.test(c) && c !== '\uFEFF') || (c >= '\x1C' && c <= '\x1F') || c === '\x85';
}

function stripStart(text: string, characters: unknown): string {
  const strip = strips(characters);
  let from = 0;
  for (const character of text) {
    if (!strip(character)) break;
    from += character.length;
  }
  return text.slice(from);
}

function stripEnd(text: string, characters: unknown): string {
  const strip = strips(characters);
  let to = text.length;
  while (to > 0) {
    const pair = to > 1 ? (text.codePointAt(to - 2) ?? 0) > 0xffff : false;
    const from = to - (pair ? 2 : 1);
    if (!strip(text.slice(from, to))) break;
    to = from;
  }
  return text.slice(0, to);
}
