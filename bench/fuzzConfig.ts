// Fuzzing of config editing: random edits of whole and broken configs, in sequence. After every edit the server's functions
// must answer within a second, and what is computed by edits must equal what is computed afresh.
import { TextDocument } from 'vscode-languageserver-textdocument';
import { allFields } from '../src/config/schema.ts';
import { foreignNames } from '../src/config/otherTools.ts';
import type { ConfigFacts } from '../src/config/facts.ts';
import { configProblems } from '../src/server/service/configProblems.ts';
import { readConfigText } from '../src/server/service/configText.ts';
import { cursorAt } from '../src/server/service/cursor.ts';
import { fieldHover } from '../src/server/service/fieldHover.ts';
import { fixAll } from '../src/server/service/fixAll.ts';
import { fixesOf } from '../src/server/service/fixes.ts';
import { proposalsAt } from '../src/server/service/proposals.ts';
import { applyEdits } from '../src/server/service/textChanges.ts';

/** Longest that one answer may take, in milliseconds of the processor's time: the machine may have more to do. */
const hang = 1000;

export interface FuzzReport {
  readonly edits: number;
  readonly slowest: { readonly milliseconds: number; readonly what: string; readonly text: string };
}

const yaml = `version: 1
model: HuggingFaceTB/SmolLM2-135M-Instruct
data:
  train:
    - path: data/rows.jsonl # mine
      weight: 2
    - {path: b.jsonl, format: text}
  validation: 0.05
  system: |
    You label tickets.
    Be brief.
lora: {rank: 16, target_modules: [q_proj, "v_proj"]}
training:
  epochs: 3
  learning_rate: 2e-4
evaluation:
  prompts:
    - 'a: b'
`;
const json = JSON.stringify({ version: 1, model: 'a/b', data: { train: [{ path: 'a' }] }, lora: { rank: 4 } }, null, 2);
const starts = [yaml, json, '', '{', 'data:\n  train:\n    - '];
const names = [...allFields().map(({ name }) => name), ...foreignNames.keys()];
const scraps = [
  '\t',
  '\n',
  '\r\n',
  '\n  ',
  ': ',
  '- ',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ', ',
  '*a',
  '&a ',
  '!x ',
  '? ',
  '---\n',
];
const rare = [
  '#',
  ' #',
  '\0',
  '${env:',
  '|\n',
  '>\n',
  '%',
  '@',
  '1e999',
  '\u2028',
  '<<: ',
  '\ud800',
  '𝕏',
  '\ufeff',
  '..',
  '99999999999',
];

const facts: ConfigFacts = {
  fileExists: () => false,
  countMatches: () => 0,
  listFolder: () => ['rows.jsonl'],
  model: { contextLength: 64, linearModules: ['model.layers.0.self_attn.q_proj'], parameters: 1e6 },
  machine: { cores: 2, devices: [{ name: 'cpu', kind: 'cpu', usable: true }] },
};
const outside = {
  folder: () => [{ name: 'a b.jsonl', isFolder: false }],
  models: ['a/b'],
  modules: ['q_proj'],
  columns: ['text', 'a: b'],
};

/** Edits until `isOver` says so. Throws with the text that is wrong. */
export function fuzzConfig(seed: number, isOver: (edits: number) => boolean): FuzzReport {
  let state = (seed % 2_147_483_646) + 1;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  let document = TextDocument.create('a', 'finetune-yaml', 0, yaml);
  let slowest = { milliseconds: 0, what: '', text: '' };
  let edits = 0;

  const timed = <T>(what: string, work: () => T): T => {
    const begun = process.cpuUsage();
    try {
      return work();
    } catch (error) {
      throw new Error(`${what} threw for ${JSON.stringify(document.getText())}`, { cause: error });
    } finally {
      const { user, system } = process.cpuUsage(begun);
      const milliseconds = (user + system) / 1000;
      if (milliseconds > slowest.milliseconds) slowest = { milliseconds, what, text: document.getText() };
    }
  };

  // The schema is compiled once, when the first config is opened.
  configProblems(readConfigText(yaml, 'x'), {}, () => facts);

  while (!isOver(edits)) {
    if (edits % 60 === 0) document = TextDocument.create('a', 'finetune-yaml', edits, pick(starts));
    const length = document.getText().length;
    const at = random(length + 1);
    const end = random(4) === 0 ? Math.min(length, at + random(12)) : at;
    const newText = random(8) === 0 ? '' : random(4) === 0 ? pick(names) : random(6) === 0 ? pick(rare) : pick(scraps);
    const range = { start: document.positionAt(at), end: document.positionAt(end) };
    document = TextDocument.update(document, [{ range, text: newText }], edits + 1);
    edits += 1;

    const text = document.getText();
    const read = timed('reading', () => readConfigText(text, 'x'));
    const problems = timed('problems', () => configProblems(read, {}, () => facts));
    const offset = Math.min(text.length, at + newText.length);
    const cursor = timed('cursor', () => cursorAt(text, offset));
    if (cursor) {
      if (cursor.start > cursor.end || cursor.start < 0 || cursor.end > text.length)
        throw new Error(`the cursor's range is wrong at ${offset} of ${JSON.stringify(text)}`);
      timed('completion', () => proposalsAt(text, cursor, outside));
      const known = { facts: { ...facts, machine: facts.machine! }, positions: read.positions };
      timed('hover', () => fieldHover(text, cursor, known));
    }
    for (const problem of problems.slice(0, 5)) {
      for (const fix of timed('fixes', () => fixesOf(problem, read, facts))) applyEdits(text, fix.edits);
    }
    if (edits % 20 === 0) timed('fix all', () => fixAll(read, {}, () => facts));

    // The same text, opened afresh, says the same.
    const fresh = TextDocument.create('a', 'finetune-yaml', 1, text).getText();
    const again = configProblems(readConfigText(fresh, 'x'), {}, () => facts);
    if (JSON.stringify(again) !== JSON.stringify(problems))
      throw new Error(`two looks differ for ${JSON.stringify(text)}`);
  }
  if (slowest.milliseconds > hang)
    throw new Error(`${slowest.what} took ${slowest.milliseconds.toFixed(0)} ms for ${JSON.stringify(slowest.text)}`);
  return { edits, slowest };
}
