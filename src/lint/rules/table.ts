// All lint rules. What is told of a rule elsewhere (docs, settings, the editor) is made from this table.
import type { RuleInfo } from '../finding.ts';
import { chatRules } from './chat.ts';
import { fileRules, leakRule } from './fileRules.ts';
import { formRules } from './form.ts';
import { preferenceRules } from './preference.ts';
import { qualityRules } from './quality.ts';
import type { RowRule } from './rule.ts';
import { safetyRules } from './safety.ts';

export const rowRules: readonly RowRule[] = [
  ...formRules,
  ...chatRules,
  ...preferenceRules,
  ...qualityRules,
  ...safetyRules,
];

/** Checks that the line reader and the data room make while they read a row. */
const readingRules: readonly RuleInfo[] = [
  {
    code: 'data/invalid-json',
    group: 'form',
    severity: 'error',
    title: 'A line that is not valid JSON',
    fix: 'takes an idle comma out, writes Python’s and JavaScript’s words as JSON, escapes a character',
  },
  { code: 'data/nul-byte', group: 'form', severity: 'error', title: 'A NUL byte', fix: 'removes the NUL bytes' },
  {
    code: 'data/truncated-row',
    group: 'form',
    severity: 'error',
    title: 'A last line that is cut off',
    fix: 'removes the row',
  },
  { code: 'data/wrong-encoding', group: 'form', severity: 'error', title: 'Bytes that are not UTF-8' },
  { code: 'data/row-too-large', group: 'form', severity: 'error', title: 'A row of more than 64 MiB' },
  { code: 'data/not-an-object', group: 'form', severity: 'error', title: 'A row that is no object' },
  {
    code: 'form/byte-order-mark',
    group: 'form',
    severity: 'warning',
    title: 'A byte order mark',
    fix: 'removes the mark',
  },
  { code: 'form/mixed-line-ends', group: 'form', severity: 'information', title: 'Line ends of two kinds' },
  { code: 'form/mixed-formats', group: 'form', severity: 'error', title: 'A row in another format' },
  {
    code: 'data/missing-field',
    group: 'form',
    severity: 'error',
    title: 'A field that is needed is missing',
    fix: 'renames a field whose name is near',
  },
  {
    code: 'data/wrong-type',
    group: 'form',
    severity: 'error',
    title: 'A value of the wrong type',
    fix: 'writes a number, true or false as text',
  },
  {
    code: 'data/empty-list',
    group: 'form',
    severity: 'error',
    title: 'A chat without turns',
    fix: 'removes the row',
  },
  {
    code: 'data/empty-output',
    group: 'form',
    severity: 'warning',
    title: 'An answer that is empty',
    fix: 'removes the row',
  },
  { code: 'data/too-deep', group: 'form', severity: 'error', title: 'A value nested too deep' },
  { code: 'data/unsupported-content', group: 'form', severity: 'error', title: 'Content that is no text' },
  {
    code: 'data/unknown-role',
    group: 'chat',
    severity: 'error',
    title: 'A role that nobody knows',
    fix: 'writes the role whose name is nearest',
  },
  { code: 'data/invalid-inner-json', group: 'chat', severity: 'error', title: 'Tool arguments that are no JSON' },
];

/** Checks that need the tokenizer and the template of the config. */
export const trainingRules: readonly RuleInfo[] = [
  { code: 'data/nothing-trained', group: 'training', severity: 'warning', title: 'A row that teaches nothing' },
  { code: 'training/answer-cut', group: 'training', severity: 'warning', title: 'An answer cut by max_length' },
  { code: 'training/row-too-long', group: 'training', severity: 'warning', title: 'A row longer than max_length' },
  { code: 'training/doubled-bos', group: 'training', severity: 'warning', title: 'A text that begins twice' },
  { code: 'training/refused', group: 'training', severity: 'error', title: 'A row that the chat template refuses' },
  { code: 'training/low-trained-share', group: 'training', severity: 'information', title: 'Few tokens are trained' },
  {
    code: 'chat/special-token-in-text',
    group: 'training',
    severity: 'warning',
    title: 'A special token inside a text',
  },
  {
    code: 'chat/reasoning-left-out',
    group: 'training',
    severity: 'warning',
    title: 'Reasoning that the template leaves out',
  },
  {
    code: 'chat/end-of-turn-not-trained',
    group: 'training',
    severity: 'warning',
    title: 'An end of turn that is not trained',
  },
];

/** Every rule, told once. */
export const lintRules: readonly RuleInfo[] = [...readingRules, ...rowRules, ...trainingRules, ...fileRules, leakRule];

/** Rule by its code. */
export const ruleByCode: ReadonlyMap<string, RuleInfo> = new Map(lintRules.map((rule) => [rule.code, rule]));
