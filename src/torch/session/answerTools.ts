// Answers drawn by the worker, and their rewards: a person's function may fail there, which is told as such.

import type { AnswerTools } from '../../engine/session.ts';
import { describeSchemaError, lazyValidator } from '../../protocol/validate.ts';
import { bytesOf, intsOf } from './frames.ts';
import type { WorkerProcess } from './workerProcess.ts';

const drawn = lazyValidator<{ readonly ended: readonly boolean[] }>({
  type: 'object',
  required: ['ended'],
  properties: { ended: { type: 'array', items: { type: 'boolean' } } },
});
const scored = lazyValidator<{ readonly rewards: Readonly<Record<string, readonly number[]>> }>({
  type: 'object',
  required: ['rewards'],
  properties: {
    rewards: { type: 'object', additionalProperties: { type: 'array', items: { type: 'number' } } },
  },
});

export function answerTools(worker: Pick<WorkerProcess, 'ask'>): AnswerTools {
  return {
    async draw(prompts, { group, maxNewTokens: longest, temperature, topP, stopTokenIds, seed }) {
      const head = { group, longest, temperature, topP, stopTokenIds, seed, promptsBefore: 0 };
      const answer = await worker.ask('draw', head, prompts.map(bytesOf));
      const { value } = answer.head;
      const validate = drawn();
      if (!validate(value))
        throw new Error(`The worker's answers cannot be used: ${describeSchemaError(validate.errors)}.`);
      return answer.parts.map((part, i) => ({ tokens: intsOf(part), isEnded: value.ended[i] === true }));
    },
    async score(answers) {
      const [completions, rows] = [answers.map(({ text }) => text), answers.map(({ fields }) => fields)];
      const head = { completions, rows, lengths: answers.map(({ length }) => length) };
      const parts = answers.map(({ tokens }) => bytesOf(tokens));
      const { value } = (await worker.ask('score', head, parts)).head;
      const validate = scored();
      if (!validate(value))
        throw new Error(`The worker's rewards cannot be used: ${describeSchemaError(validate.errors)}.`);
      return value.rewards;
    },
  };
}
