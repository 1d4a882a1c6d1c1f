// Rendering a chat template: variables, Python's ways, generation spans, and what is said when it fails.
import { describe, expect, test } from 'vitest';
import { compileChatTemplate, renderChat } from '../../../src/models/chatTemplate.ts';
import { formatDate } from '../../../src/models/strftime.ts';
import { ProblemError } from '../../../src/protocol/problem.ts';

const user = { role: 'user', content: 'Hi' };
const problemOf = (act: () => unknown): { code: string; message: string } | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0]) return error.problems[0];
    throw error;
  }
};

describe('variables', () => {
  test('special tokens, tools and further variables reach the template', () => {
    const template = '{{ bos_token }}{{ tools[0].name }} {{ enable_thinking }} {{ add_generation_prompt }}';
    const options = {
      specialTokens: { bos_token: '<s>' },
      tools: [{ name: 'f' }],
      variables: { enable_thinking: false },
    };
    expect(renderChat(template, [user], { ...options, addGenerationPrompt: true })).toBe('<s>f false true');
  });

  test('reasoning is found under each name that templates use', () => {
    const template = '{{ messages[0].thinking }} {{ messages[0].reasoning }} {{ messages[0].reasoning_content }}';
    for (const name of ['thinking', 'reasoning', 'reasoning_content']) {
      expect(renderChat(template, [{ role: 'assistant', content: '', [name]: 'hm' }])).toBe('hm hm hm');
    }
  });

  test('the date is the one given, else a fixed one, so that runs repeat', () => {
    const template = "{{ strftime_now('%d %b %Y') }}";
    expect(renderChat(template, [])).toBe('26 Jul 2024');
    expect(renderChat(template, [], { now: new Date(Date.UTC(2025, 0, 3, 23, 59)) })).toBe('03 Jan 2025');
  });
});

describe("Python's ways", () => {
  test.each([
    ["{{ '  x '.lstrip() }}|", 'x |'],
    ["{{ '\n\n  x'.lstrip('\n') }}", '  x'],
    ["{{ 'x.,.'.rstrip('.,') }}", 'x'],
    ["{{ '\uFEFFx\x1C'.strip() }}", '\uFEFFx'],
    ["{{ 'x😀😀'.rstrip('😀') }}", 'x'],
    ["{{ 'hELLO'.capitalize() }}", 'Hello'],
    ['{{ messages[0] | tojson }}', '{"role": "user", "content": "Größe"}'],
    ['{{ messages[0] | tojson(indent=1) }}', '{\n "role": "user",\n "content": "Größe"\n}'],
    ['{% for i in range(1, 7, 2) %}{{ i }}{% endfor %}', '135'],
    ['  {% if true %}\nx\n  {% endif %}\ny', 'x\ny'],
  ])('%j', (template, expected) => {
    expect(renderChat(template, [{ role: 'user', content: 'Größe' }])).toBe(expected);
  });

  test('dates in every directive', () => {
    const date = new Date(Date.UTC(2024, 1, 5, 13, 4, 9));
    expect(formatDate(date, '%A %a %B %b %d %-d %e %m %y %Y %j %H %I %p %M %S %Z%z %% %q')).toBe(
      'Monday Mon February Feb 05 5  5 02 24 2024 036 13 01 PM 04 09 UTC+0000 % %q',
    );
  });
});

describe('generation blocks', () => {
  const messages = [user, { role: 'assistant', content: 'a\n' }, { role: 'assistant', content: '' }];
  const source = [
    '{%- for m in messages %}',
    '    {{- m.role + ":" }}',
    '    {%- if m.role == "assistant" %}',
    '        {%- generation -%}',
    '        {{ m.content }}',
    '        {%- endgeneration %}',
    '    {%- endif %}',
    '    {{- ";" }}',
    '{%- endfor %}',
  ].join('\n');

  test('are found in the text, without changing it', () => {
    const template = compileChatTemplate(source, 'test');
    const marked = template.renderMarked(messages);
    expect(template.marksGeneration).toBe(true);
    expect(marked.text).toBe('user:;assistant:a\n;assistant:;');
    expect(template.render(messages)).toBe(marked.text);
    expect(marked.spans.map(({ start, end }) => marked.text.slice(start, end))).toEqual(['a\n']);
  });

  test('with text that has the very characters that mark them', () => {
    const content = '\uE000x\uE001';
    const marked = compileChatTemplate(source, 'test').renderMarked([{ role: 'assistant', content }]);
    expect(marked.spans.map(({ start, end }) => marked.text.slice(start, end))).toEqual([content]);
  });

  test('with trimmed blocks around', () => {
    const template = compileChatTemplate('{% generation %}\nx\n  {% endgeneration %}\ny', 'test');
    expect(template.renderMarked([])).toEqual({ text: 'x\ny', spans: [{ start: 0, end: 2 }] });
  });

  test('that are not paired are refused', () => {
    const template = compileChatTemplate('{% generation %}{% generation %}x{% endgeneration %}', 'test');
    expect(problemOf(() => template.renderMarked([]))?.code).toBe('chat/template-generation');
  });
});

test('a text may hold what JavaScript prints for an object, and an object beside it is refused all the same', () => {
  const said = (content: string) => [{ role: 'user', content, tool_calls: [{ a: content }] }];
  const text = 'console.log(new Map() + "") // [object Map]';
  const template = "{% for m in messages %}{{ m.role + ': ' + m.content | trim }}{% endfor %}";
  expect(renderChat(template, said(text))).toBe(`user: ${text}`);
  expect(compileChatTemplate(template, 'own').renderMarked(said(text)).text).toBe(`user: ${text}`);
  const adding = '{% for m in messages %}{{ m.content + m.tool_calls[0] }}{% endfor %}';
  expect(() => renderChat(adding, said(text))).toThrow('adds an object to a text');
});

describe('failures name the template and what it said', () => {
  test.each([
    [
      '{{ raise_exception("Roles must alternate") }}',
      'chat/template-failed',
      'template of M refused the conversation: Roles must alternate.',
    ],
    ['{{ messages[0].content.strip(1).foo() }}', 'chat/template-failed', 'not a function'],
    ['{{ none.strip() }}', 'chat/template-failed', 'strip() is a method of strings'],
    ['{{ "a" + messages[0] }}', 'chat/template-failed', 'adds an object to a text'],
    ['{% for x in %}', 'chat/template-syntax', 'template of M is not valid Jinja'],
    ['{% if true %}', 'chat/template-syntax', 'not valid Jinja'],
  ])('%s', (source, code, message) => {
    const found = problemOf(() => renderChat(source, [user], { name: 'M' }));
    expect(found?.code).toBe(code);
    expect(found?.message).toContain(message);
  });
});
