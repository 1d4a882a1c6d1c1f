// The starter model in transformers: the same tokens, the same chat, the same logits as here.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { documentText } from '../../scripts/starter/corpus.ts';
import { onnxExecutor } from '../../src/engine/executors/onnx/executor.ts';
import { compileChatTemplate } from '../../src/models/chatTemplate.ts';
import { openModel } from '../../src/models/openModel.ts';
import type { LoadedModel } from '../../src/models/types.ts';
import { packedLogits } from '../support/packedLogits.ts';
import { describeWith, runPython } from '../support/requirements.ts';

interface Answer {
  readonly ids: number[][];
  readonly decoded: string[];
  readonly chat: string;
  readonly prompt: string;
  readonly assistant: string;
  readonly eos: number;
  readonly parameters: number;
}

const texts = [
  ...Array.from({ length: 6 }, (_, i) => documentText(77, i)),
  '{"customer": "Zoë", "quantity": 12}\n\n  tabs\tand   spaces, 漢字 🙂 and 3.14 1000 don\'t',
];
const chat = [
  { role: 'user', content: 'Ana wants 4 red cups by Friday.' },
  { role: 'assistant', content: 'Thank you, Ana.' },
  { role: 'user', content: 'How many?' },
  { role: 'assistant', content: '4.' },
];

describeWith(['python'], 'the starter model in transformers', () => {
  let folder = '';
  let answer: Answer;
  let model: LoadedModel;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'finetune-starter-'));
    const path = resolve('examples/quickstart/starter-model');
    model = await openModel(path, { baseDirectory: '.' });
    const options = { args: [path, folder], input: { texts, chat } };
    answer = await runPython<Answer>(new URL('starter.py', import.meta.url), options);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('reads and writes text as the tokenizer here does', () => {
    expect(texts.map((text) => model.tokenizer.encode(text, { addSpecialTokens: true }))).toEqual(answer.ids);
    expect(answer.decoded).toEqual(texts);
    expect(model.tokenizer.eosTokenId).toBe(answer.eos);
  });

  it('lays out chats alike and marks what the assistant says', () => {
    const template = compileChatTemplate(model.chatTemplate ?? '', 'the starter model');
    const { text, spans } = template.renderMarked(chat);
    expect(text).toBe(answer.chat);
    expect(template.render(chat.slice(0, 1), { addGenerationPrompt: true })).toBe(answer.prompt);
    expect(spans.map(({ start, end }) => text.slice(start, end)).join('')).toBe(answer.assistant);
  });

  it('has the same logits', async () => {
    const executor = onnxExecutor({ provider: 'cpu', threads: 1 });
    const logits = await packedLogits(executor, model.config, model.weights.values(), answer.ids);
    logits.forEach((row, i) => {
      const bytes = readFileSync(join(folder, `logits-${i}.bin`));
      const expected = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      expect(row).toHaveLength(expected.length);
      const worst = row.reduce((most, value, j) => Math.max(most, Math.abs(value - expected[j]!)), 0);
      expect(worst).toBeLessThan(1e-4);
    });
  });
});
