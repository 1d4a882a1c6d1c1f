// Which model answers, and how a question reaches it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findSource, nameOfSource } from '../../../src/cli/generation/source.ts';
import { planForAnswers } from '../../../src/cli/generation/plan.ts';
import { encodePrompt, stopTokenIds, tokensBehindAnswer } from '../../../src/data/template/prompt.ts';
import { resolveTemplate } from '../../../src/data/template/templates.ts';
import { writeAdapter } from '../../../src/models/adapter.ts';
import { openModel } from '../../../src/models/openModel.ts';
import { prefixTensor, writePrefixAdapter } from '../../../src/models/prefixAdapter.ts';
import type { NamedTensor, Tokenizer } from '../../../src/models/types.ts';
import { createRun } from '../../../src/runs/startRun.ts';
import { writeTinyModel } from '../../support/tinyModelFolder.ts';
import { writeFile } from 'node:fs/promises';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'finetune-generate-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = { rank: 1, alpha: 2, dropout: 0, useRslora: false, modules: ['a.q_proj'] };

async function adapterFor(baseModel: string): Promise<string> {
  const path = join(folder, `adapter-${baseModel.length}`);
  const tensor = (name: string, shape: number[]): NamedTensor => ({ name, shape, data: new Float32Array(3) });
  const tensors = [tensor('a.q_proj.lora_A.weight', [1, 3]), tensor('a.q_proj.lora_B.weight', [3, 1])];
  await writeAdapter(path, { ...settings, baseModel }, tensors);
  return path;
}

describe('the source of an answer', () => {
  test('nothing named is wrong usage', async () => {
    await expect(findSource({}, folder)).rejects.toThrow('--run, --model, or --adapter');
  });

  test('a model alone', async () => {
    const source = await findSource({ model: 'org/name' }, folder);
    expect(source).toMatchObject({ model: 'org/name', baseDirectory: process.cwd(), template: 'chat' });
    expect(nameOfSource(source)).toBe('org/name');
  });

  test('an adapter knows its model, and the command line may name another', async () => {
    const adapter = await adapterFor('org/base');
    const source = await findSource({ adapter }, folder);
    expect(source.model).toBe('org/base');
    expect(source.adapter?.settings).toMatchObject({ rank: 1, alpha: 2 });
    expect(nameOfSource(source)).toBe(`org/base with ${adapter}`);
    expect((await findSource({ adapter, model: 'other' }, folder)).model).toBe('other');
    const nameless = await adapterFor('');
    await expect(findSource({ adapter: nameless }, folder)).rejects.toThrow('Name it with --model');
  });

  test('a prefix is an adapter, too, for a model of its own sizes alone', async () => {
    const path = join(folder, 'prefix');
    const sizes = { virtualTokens: 2, projection: true, encoderSize: 7, layers: 2, kvHeads: 2, headSize: 8 };
    const tensor = { name: prefixTensor, shape: [2, 64], data: new Float32Array(128) };
    await writePrefixAdapter(path, { ...sizes, baseModel: 'org/base' }, [tensor]);
    const source = await findSource({ adapter: path }, folder);
    expect(nameOfSource(source)).toBe(`org/base with ${path}`);
    const model = await openModel(await writeTinyModel(join(folder, 'model')), { baseDirectory: folder });
    const { method } = planForAnswers(model, source.adapter, 'cpu');
    expect(method).toEqual({ kind: 'prefix', virtualTokens: 2, projection: false, encoderSize: 7 });
    const other = await openModel(await writeTinyModel(join(folder, 'other'), { num_hidden_layers: 1 }), {
      baseDirectory: folder,
    });
    expect(() => planForAnswers(other, source.adapter, 'cpu')).toThrow(
      /for a model of 2 layers with 2 key heads of 8 numbers, and .*other has 1 layers/,
    );
  });

  test('a run without a result says how it stands', async () => {
    const configFile = join(folder, 'x.finetune.yaml');
    await writeFile(configFile, 'version: 1\n');
    const runsFolder = join(folder, '.finetune', 'runs');
    await createRun({ configFile, name: 'x', overrides: [], runsFolder });
    await expect(findSource({ run: 'latest' }, runsFolder)).rejects.toThrow('no result to ask: it is starting');
  });
});

/** One token a character; `<e>` is EOS and `<b>` is BOS, put before texts. */
function characterTokenizer(): Tokenizer {
  const special = ['<b>', '<e>', '<x>'];
  const split = (text: string): string[] => text.match(/<[bex]>|[\s\S]/g) ?? [];
  const idOf = (token: string): number => (special.includes(token) ? special.indexOf(token) : 10 + token.charCodeAt(0));
  const encode = (text: string, { addSpecialTokens }: { addSpecialTokens: boolean }): number[] => [
    ...(addSpecialTokens ? [0] : []),
    ...split(text).map(idOf),
  ];
  return {
    vocabSize: 300,
    bosTokenId: 0,
    eosTokenId: 1,
    padTokenId: undefined,
    specialTokenIds: new Set([0, 1, 2]),
    encode,
    encodeWithOffsets: () => ({ ids: [], starts: new Int32Array(), ends: new Int32Array() }),
    decode: (ids) => Array.from(ids, (id) => special[id] ?? String.fromCharCode(id - 10)).join(''),
    tokenToId: (token) => (token.length === 1 || special.includes(token) ? idOf(token) : undefined),
    idToToken: (id) => special[id],
  };
}

describe('a question', () => {
  const tokenizer = characterTokenizer();
  const source = `{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}<x>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}`;
  const facts = { tokenizer, modelTemplate: source, modelName: 'toy', baseDirectory: '.' };

  test('is rendered with the opening of the answer, and BOS is not doubled', async () => {
    const template = await resolveTemplate('chat', facts);
    const ids = encodePrompt('Hi', { tokenizer, template, system: 'Be kind' });
    expect(tokenizer.decode(ids)).toBe('<b>[system]Be kind<x>[user]Hi<x>[assistant]');
  });

  test('without a template is the text as the tokenizer begins texts', () => {
    expect(tokenizer.decode(encodePrompt('Hi', { tokenizer, template: 'none' }))).toBe('<b>Hi');
    expect(tokenizer.decode(encodePrompt('Hi', { tokenizer, template: 'none', system: 'S' }))).toBe('<b>S\n\nHi');
  });

  test('answers end with EOS, with what the model lists, and with the token that closes a turn', async () => {
    const template = await resolveTemplate('chat', facts);
    expect(stopTokenIds({ tokenizer, generationConfig: { eos_token_id: [1, 77] } }, template)).toEqual([1, 77, 2]);
    expect(stopTokenIds({ tokenizer, generationConfig: { eos_token_id: 1 } }, 'none')).toEqual([1]);
  });

  test('what a row has behind the end of its answer is told, for those who judge at its very end', async () => {
    const chat = { ...facts, modelTemplate: source.replace('<x>', '<x>\n') };
    const model = { tokenizer, generationConfig: {} };
    const behind = tokensBehindAnswer(model, await resolveTemplate('chat', chat));
    expect(tokenizer.decode(behind)).toBe('\n');
    expect(tokensBehindAnswer(model, await resolveTemplate('chat', facts))).toEqual([]);
    expect(tokensBehindAnswer(model, 'none')).toEqual([]);
  });
});
