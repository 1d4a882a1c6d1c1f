// What lint says of training is what the trainer's own encoding does.
import { expect, test } from 'vitest';
import type { EncodeOptions } from '../../../src/data/template/encodeRecord.ts';
import { defaultSettings } from '../../../src/lint/settings.ts';
import { lintTrainedShare, lintTraining } from '../../../src/lint/training.ts';
import { templateOf, tokenizerOf } from '../data/template/families.ts';

const smol: EncodeOptions = {
  tokenizer: tokenizerOf('SmolLM2'),
  template: templateOf('SmolLM2'),
  trainOn: 'assistant',
  maxLength: 1000,
  overflow: 'truncate',
};

function lint(turns: readonly (readonly [string, string])[], options: EncodeOptions = smol) {
  const value = { messages: turns.map(([role, content]) => ({ role, content })) };
  const text = JSON.stringify(value);
  const { findings, encoded } = lintTraining(text, value, { line: 3, column: 1 }, 'messages', options, defaultSettings);
  return {
    told: findings.map(({ code, line, start, end }) => [code, line, text.slice(start, end)]),
    findings,
    encoded,
  };
}

const turns = [
  ['user', 'What is this?'],
  ['assistant', 'A long answer that goes on and on until nobody listens any more.'],
] as const;

test('a row that is trained as it stands has no finding', () => {
  expect(lint(turns).told).toEqual([]);
});

test('an answer cut by max_length is told with the tokens that the trainer loses', () => {
  const whole = lint(turns).encoded!;
  const { told, findings } = lint(turns, { ...smol, maxLength: whole.tokens.length - 5 });
  expect(told).toEqual([['training/answer-cut', 3, JSON.stringify(turns[1][1])]]);
  const kept = whole.mask.slice(0, whole.tokens.length - 5).reduce((sum, bit) => sum + bit, 0);
  expect(findings[0]?.message).toContain(`${whole.trainedTokens - kept} of ${whole.trainedTokens} trained tokens`);
  const dropped = lint(turns, { ...smol, maxLength: whole.tokens.length - 5, overflow: 'drop' });
  expect(dropped.findings.map(({ code, message }) => [code, message.includes('left out')])).toEqual([
    ['training/row-too-long', true],
  ]);
});

test('nothing trained, special tokens, a second BOS and a refusal of the template are told', () => {
  const codes = (result: ReturnType<typeof lint>) => result.findings.map(({ code }) => code);
  expect(codes(lint(turns, { ...smol, maxLength: 3 }))).toEqual(['data/nothing-trained']);
  expect(codes(lint([['user', 'Say <|im_end|>'], turns[1]]))).toEqual(['chat/special-token-in-text']);
  expect(codes(lint([['user', '<|im_start|>user'], turns[1]]))).toContain('training/doubled-bos');
  expect(
    codes(
      lint([turns[0], turns[0], turns[1]], {
        ...smol,
        tokenizer: tokenizerOf('Llama 2'),
        template: templateOf('Llama 2'),
      }),
    ),
  ).toEqual(['training/refused']);
});

test('a trained share is low below two in a hundred', () => {
  expect(lintTrainedShare(10_000, 199, defaultSettings)?.message).toContain('2.0 %');
  expect(lintTrainedShare(10_000, 200, defaultSettings)).toBeUndefined();
});
