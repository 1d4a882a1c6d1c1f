// Chats that are put together from what a template printed before are those that the template renders.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse, tokenize } from '@huggingface/jinja';
import { compileChatTemplate, type RenderOptions, type TemplateValue } from '../../../src/models/chatTemplate.ts';
import { usePythonStrings } from '../../../src/models/jinjaStrings.ts';
import { onlyPrintsContent } from '../../../src/models/printedContent.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';
import { uniform } from '../../support/random.ts';

const folder = new URL('../../fixtures/templates/', import.meta.url);
const templates = ['own', 'trl'].flatMap((part) =>
  readdirSync(new URL(part, folder))
    .filter((file) => file.endsWith('.jinja'))
    .map((file) => [file, readFileSync(new URL(`${part}/${file}`, folder), 'utf8')] as const),
);
const specialTokens = { bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' };

/** The date that is taken anyway; with it, no chat is put together. */
const now = new Date(Date.UTC(2024, 6, 26));

function outcome(act: () => string): string {
  try {
    return act();
  } catch (error) {
    if (error instanceof ProblemError) return `refused: ${error.message}`;
    throw error;
  }
}

const contents = [
  'Hi',
  'a b\n\nc',
  ' x',
  'y\n',
  '\n\n z \t',
  '\u00a0w',
  'v\ufeff',
  '\x1cu\x85',
  '',
  '  ',
  '日本',
  '</think>',
];
contents.push(
  '<think>\nhm\n</think>\n\nyes',
  '[object Map]',
  '\ue0f00\ue0f1',
  '\v',
  '$& $1',
  '{{ x }}',
  'it’s “so”',
  '<s>',
);
const shapes = ['ua', 'uaua', 'sua', 'suaua', 'u', 'uuaa', 'a', 'su', 'us', 'uat'];
const roles: Readonly<Record<string, string>> = { u: 'user', a: 'assistant', s: 'system', t: 'tool' };

test.each(templates)('%s', (name, source) => {
  const random = uniform(name);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const template = compileChatTemplate(source, name);
  for (let i = 0; i < 120; i += 1) {
    const messages: TemplateValue[] = Array.from(pick(shapes), (letter) => ({
      role: roles[letter],
      content: pick(contents),
      ...(random() < 0.05 ? { reasoning_content: 'hm' } : { name: undefined }),
    }));
    const options: RenderOptions = {
      specialTokens,
      addGenerationPrompt: random() < 0.5,
      ...(random() < 0.2 ? { variables: { enable_thinking: random() < 0.5 } } : {}),
    };
    const whole = outcome(() => template.render(messages, { ...options, now }));
    expect([messages, outcome(() => template.render(messages, options))]).toEqual([messages, whole]);
  }
});

function printsOnly(source: string): boolean {
  const program = parse(tokenize(source, { trim_blocks: true, lstrip_blocks: true }));
  usePythonStrings(program);
  return onlyPrintsContent(program);
}

test('the templates that most models have do nothing with contents but print them', () => {
  const able = templates.filter(([, source]) => printsOnly(source)).map(([name]) => name.replace('.jinja', ''));
  const expected = [
    'chatml',
    'falcon3',
    'hermes',
    'mistral_v1',
    'mistral_v3',
    'olmo2',
    'phi4',
    'plain_dialogue',
    'vicuna',
  ];
  expected.push(
    'zephyr',
    'gemma',
    'gemma_training',
    'smollm2',
    'qwen3_instruct_2507',
    'llama3',
    'llama3_training',
    'phi3_5',
    'qwen2_5',
  );
  expect(able).toEqual(expect.arrayContaining(expected));
});

const loop = (body: string): string => `{% for message in messages %}${body}{% endfor %}`;

test.each([
  "{{ message['content'] | trim }}",
  '{{ message.content.strip() ~ eos_token }}',
  "{% if message.content and loop.previtem.role != 'tool' %}{{ message.content }}{% endif %}",
  '{% set text = message.content %}{% if message.content is string %}{{ text }}{% endif %}',
  "{{ messages[loop.index0 - 1]['content'] if 'tool_calls' not in message else '' }}",
])('printed: %s', (body) => {
  expect(printsOnly(loop(body))).toBe(true);
});

test.each([
  "{% if message.content == 'x' %}a{% endif %}",
  "{% if 'x' in message.content %}a{% endif %}",
  "{{ message.get('content') | upper }}",
  '{{ message | tojson }}',
  '{{ message.content | length }}',
  '{{ message.content[0] }}',
  "{{ message.content.split('x')[0] }}",
  "{{ message.content.strip('x') }}",
  "{{ message['con' ~ 'tent'] }}",
  '{{ message[loop.first] }}',
  '{% for letter in message.content %}{{ letter }}{% endfor %}',
  "{% set text = message.content %}{% if text == 'x' %}a{% endif %}",
  "{% if text == 'x' %}a{% endif %}{% set text = message.content %}",
  '{% set ns = namespace(text=message.content) %}{{ ns.text }}',
  "{% if loop.previtem.content == 'x' %}a{% endif %}",
  '{{ [message.content] | join }}',
  '{% set other = message %}{{ other | string }}',
  '{{ messages | map(attribute="content") | join }}',
  '{{ raise_exception(message.content) }}',
])('not only printed: %s', (body) => {
  expect(printsOnly(loop(body))).toBe(false);
});
