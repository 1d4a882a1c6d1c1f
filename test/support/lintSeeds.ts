// Datasets with known defects: clean rows of three formats, and for each kind of defect rows that have it.

export const seedFormats = ['messages', 'instruction', 'preference'] as const;
export type SeedFormat = (typeof seedFormats)[number];

type Random = () => number;

export interface Defect {
  /** The finding that must come, on the last of the rows. */
  readonly code: string;
  readonly format: SeedFormat;
  readonly rows: (i: number, random: Random) => readonly string[];
}

const consonants = Array.from('bcdfghklmnprstvw');
const vowels = Array.from('aeiou');

/** 1,280 invented words, so that texts that are not meant to be alike are not. */
const words = consonants.flatMap((a) => vowels.flatMap((b) => consonants.map((c) => `${a}${b}${c}o`)));

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

/** What looks like a defect and is none. */
const harmless = [
  'on 2024-05-17 at 10:30',
  'for $1,299.00',
  'order 4002-1187',
  'see https://example.com/a?b=1',
  'at support@example.com',
  'naïve café Übung',
  'I am sorry for the delay',
  'version 1.2.3-rc4',
  'C++ and C#',
  'x < 3 and y > 4',
  '😀 👩‍👩‍👧',
  'ISBN 978-3-16-148410-0',
  '“quoted” – dash',
  'AT&T',
  'TODOs were done',
  'the array[0] item',
  'no no no',
  '10.0.0.1',
  'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
  '`a\\b`',
  'sk-learn',
  'f(x)={y}',
];

export function sentence(random: Random, least = 14, most = 40): string {
  const list = Array.from({ length: least + Math.floor(random() * (most - least)) }, () => pick(words, random));
  if (random() < 0.3) list.splice(Math.floor(random() * list.length), 0, pick(harmless, random));
  const text = list.join(' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

type Turn = Readonly<Record<string, unknown>>;

function user(random: Random): Turn {
  return { role: 'user', content: sentence(random) };
}

function assistant(content: string): Turn {
  return { role: 'assistant', content };
}

function chat(random: Random): Turn[] {
  const turns: Turn[] = random() < 0.3 ? [{ role: 'system', content: sentence(random, 5, 9) }] : [];
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1)
    turns.push(user(random), assistant(sentence(random)));
  return turns;
}

function messages(turns: readonly unknown[]): string {
  return JSON.stringify({ messages: turns });
}

function instruction(random: Random, changes: Turn = {}): string {
  return JSON.stringify({
    instruction: sentence(random),
    input: random() < 0.5 ? '' : sentence(random),
    output: sentence(random),
    ...changes,
  });
}

function preference(random: Random, changes: Turn = {}): string {
  return JSON.stringify({ prompt: sentence(random), chosen: sentence(random), rejected: sentence(random), ...changes });
}

/** A row without any defect. */
export function cleanRow(format: SeedFormat, random: Random): string {
  if (format === 'messages') return messages(chat(random));
  return format === 'instruction' ? instruction(random) : preference(random);
}

/** A text with something in its midst. */
function around(middle: string, random: Random): string {
  return `${sentence(random)} ${middle} ${sentence(random)}`;
}

function inChat(code: string, turns: (random: Random) => readonly unknown[]): Defect {
  return { code, format: 'messages', rows: (_, random) => [messages(turns(random))] };
}

function inOutput(code: string, output: (random: Random, i: number) => unknown): Defect {
  return { code, format: 'instruction', rows: (i, random) => [instruction(random, { output: output(random, i) })] };
}

function inPair(code: string, changes: (random: Random) => Turn): Defect {
  return { code, format: 'preference', rows: (_, random) => [preference(random, changes(random))] };
}

const call = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }],
};

/** Digits with a last one that makes the Luhn sum right. */
function cardNumber(random: Random): string {
  const digits = [4, ...Array.from({ length: 14 }, () => Math.floor(random() * 10))];
  const sum = digits.reduce(
    (total, digit, i) => total + (i % 2 === 1 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit),
    0,
  );
  return [...digits, (10 - (sum % 10)) % 10].join('').match(/.{4}/g)!.join(' ');
}

/** A German account number with its check digits. */
function iban(random: Random): string {
  const account = Array.from({ length: 18 }, () => Math.floor(random() * 10)).join('');
  const check = 98n - (BigInt(`${account}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${account}`;
}

function letters(count: number, random: Random): string {
  return Array.from({ length: count }, () => pick(Array.from('ABCDEFGHJKLMNPQRSTUVWXYZ23456789'), random)).join('');
}

const tokens: readonly ((random: Random) => string)[] = [
  (random) => `sk-proj-${letters(40, random)}`,
  (random) => `AKIA${letters(16, random)}`,
  (random) => `ghp_${letters(36, random)}`,
  (random) => `hf_${letters(34, random)}`,
  (random) => `xoxb-${letters(24, random)}`,
  (random) => `AIza${letters(35, random)}`,
];

/** One word in thirty becomes another one. */
function reworded(text: string, random: Random): string {
  return text
    .split(' ')
    .map((word, i) => (i % 30 === 15 ? pick(words, random) : word))
    .join(' ');
}

export const defects: readonly Defect[] = [
  {
    code: 'data/invalid-json',
    format: 'instruction',
    rows: (i, random) => [instruction(random).replace(i % 2 ? '","' : '":"', '""')],
  },
  { code: 'data/nul-byte', format: 'instruction', rows: (_, random) => [instruction(random).replace(' ', '\0')] },
  { code: 'data/not-an-object', format: 'instruction', rows: (_, random) => [JSON.stringify([sentence(random)])] },
  { code: 'form/byte-order-mark', format: 'instruction', rows: (_, random) => [`\ufeff${instruction(random)}`] },
  {
    code: 'data/missing-field',
    format: 'instruction',
    rows: (_, random) => [JSON.stringify({ instruction: sentence(random) })],
  },
  { code: 'form/mixed-formats', format: 'instruction', rows: (_, random) => [messages(chat(random))] },
  {
    code: 'form/unknown-field',
    format: 'instruction',
    rows: (_, random) => [instruction(random, { inptu: sentence(random) })],
  },
  inOutput('data/wrong-type', (random) => [sentence(random)]),
  inOutput('form/type-drift', (random) => ({ text: sentence(random) })),
  { code: 'form/empty-field', format: 'instruction', rows: (_, random) => [instruction(random, { instruction: ' ' })] },
  inOutput('data/empty-output', () => ' '),
  inOutput('form/control-character', (random) => around('\u0007', random)),
  inOutput('form/zero-width', (random) => around('wo\u200brd', random)),
  inOutput('form/mojibake', (random) => around(pick(['CafÃ©', 'donâ€™t', 'gr\ufffdn'], random), random)),
  inOutput('form/lone-surrogate', (random) => around('\ud83d', random)),
  inOutput('form/not-nfc', (random) => around('e\u0301te\u0301', random)),
  inChat('data/empty-list', () => []),
  inChat('data/unknown-role', (random) => [user(random), { role: 'bot', content: sentence(random) }]),
  inChat('data/invalid-inner-json', (random) => [
    user(random),
    { ...call, tool_calls: [{ ...call.tool_calls[0], function: { name: 'look', arguments: '{"a": ' } }] },
    { role: 'tool', content: sentence(random) },
    assistant(sentence(random)),
  ]),
  inChat('chat/role-order', (random) => [user(random), user(random), assistant(sentence(random))]),
  inChat('chat/first-turn', (random) => [
    assistant(sentence(random)),
    ...chat(random).filter(({ role }) => role !== 'system'),
  ]),
  inChat('chat/empty-turn', (random) => [user(random), assistant(' '), user(random), assistant(sentence(random))]),
  inChat('chat/no-assistant-turn', (random) => [user(random)]),
  inChat('chat/last-turn', (random) => [...chat(random), user(random)]),
  inChat('chat/system-not-first', (random) => [
    user(random),
    { role: 'system', content: sentence(random) },
    assistant(sentence(random)),
  ]),
  inChat('chat/tool-call-without-result', (random) => [user(random), call, user(random), assistant(sentence(random))]),
  inChat('chat/tool-result-without-call', (random) => [
    user(random),
    { role: 'tool', content: sentence(random) },
    assistant(sentence(random)),
  ]),
  inChat('chat/unclosed-thinking', (random) => [user(random), assistant(`<think>${sentence(random)}`)]),
  inChat('chat/unclosed-code-fence', (random) => [
    user(random),
    assistant(`${sentence(random)}\n\`\`\`js\nlet a = 1;`),
  ]),
  {
    code: 'preference/missing-side',
    format: 'preference',
    rows: (_, random) => [JSON.stringify({ prompt: sentence(random), chosen: sentence(random) })],
  },
  inPair('preference/equal-sides', (random) => {
    const answer = sentence(random);
    return { chosen: answer, rejected: `${answer}\n` };
  }),
  inPair('preference/different-prompts', (random) => ({
    prompt: null,
    chosen: [user(random), assistant(sentence(random))],
    rejected: [user(random), assistant(sentence(random))],
  })),
  inPair('preference/likely-swapped', (random) => ({
    chosen: `I'm sorry, but I can't help with that. ${sentence(random)}`,
  })),
  {
    code: 'quality/duplicate',
    format: 'messages',
    rows: (_, random) => {
      const row = messages(chat(random));
      return [row, ` ${row}`];
    },
  },
  {
    code: 'quality/near-duplicate',
    format: 'instruction',
    rows: (_, random) => {
      const [asked, answer] = [sentence(random), sentence(random, 24, 60)];
      return [answer, reworded(answer, random)].map((output) =>
        JSON.stringify({ instruction: asked, input: '', output }),
      );
    },
  },
  {
    code: 'quality/conflicting-answers',
    format: 'instruction',
    rows: (_, random) => {
      const asked = sentence(random);
      return [1, 2].map(() => JSON.stringify({ instruction: asked, input: '', output: sentence(random) }));
    },
  },
  inOutput(
    'quality/refusal',
    (random) => `I'm sorry, but as an AI language model I cannot do that. ${sentence(random)}`,
  ),
  inOutput('quality/placeholder', (random, i) =>
    around(['[insert name]', 'TODO: write this', 'Lorem ipsum', '{{name}}'][i % 4]!, random),
  ),
  inOutput('quality/html', (random) => around('<br>next <b>bold</b>&nbsp;', random)),
  inOutput('quality/repeated-text', (random) => around('and so it goes '.repeat(12), random)),
  inOutput('quality/length-outlier', (random) => Array.from({ length: 200 }, () => sentence(random)).join(' ')),
  inOutput('quality/language-outlier', () => 'Это предложение написано на другом языке, чем все остальные.'),
  inOutput('safety/email', (random) => around(`${pick(words, random)}.${pick(words, random)}@gmail.com`, random)),
  inOutput('safety/phone', (random) => around(`+49 30 ${Math.floor(1e6 + random() * 9e6)}`, random)),
  inOutput('safety/card', (random) => around(cardNumber(random), random)),
  inOutput('safety/iban', (random) => around(iban(random), random)),
  inOutput('safety/access-token', (random, i) => around(tokens[i % tokens.length]!(random), random)),
  inOutput('safety/private-key', (random) =>
    around(`-----BEGIN RSA PRIVATE KEY-----\nMIIE${letters(60, random)}\n${letters(64, random)}\n`, random),
  ),
];

export interface SeededFile {
  readonly format: SeedFormat;
  readonly text: string;
  /** Line (from 1) → the code that must be found there; clean lines are absent. */
  readonly expected: ReadonlyMap<number, string>;
  readonly cleanRows: number;
}

/** A file of one format with `clean` clean rows and `each` cases of every kind of defect, evenly mixed. */
export function seededFile(format: SeedFormat, clean: number, each: number, random: Random): SeededFile {
  const cases = defects
    .filter((defect) => defect.format === format)
    .flatMap((defect) => Array.from({ length: each }, (_, i) => ({ code: defect.code, rows: defect.rows(i, random) })));
  const gap = Math.max(1, Math.floor(clean / (cases.length + 1)));
  const lines: string[] = [];
  const expected = new Map<number, string>();
  for (let i = 0; i < clean; i += 1) {
    const seed = i % gap === gap - 1 ? cases.splice(Math.floor(random() * cases.length), 1)[0] : undefined;
    if (seed !== undefined) {
      lines.push(...seed.rows);
      expected.set(lines.length, seed.code);
    }
    lines.push(cleanRow(format, random));
  }
  if (cases.length > 0) throw new Error(`${cases.length} cases found no place.`);
  return { format, text: lines.join('\n'), expected, cleanRows: clean };
}
