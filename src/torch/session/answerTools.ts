// Answers drawn by the workers, each to its share of the prompts, and their rewards: a person's function may fail there.

import type { AnswerTools } from '../../engine/session.ts';
import { describeSchemaError, lazyValidator } from '../../protocol/validate.ts';
import { dealInOrder } from './deal.ts';
import { bytesOf, intsOf } from './frames.ts';
import type { WorkerGroup } from './workerGroup.ts';

interface Drawn {
  readonly ended: readonly boolean[];
}
interface Scored {
  readonly rewards: Readonly<Record<string, readonly number[]>>;
}

const drawn = lazyValidator<Drawn>({
  type: 'object',
  required: ['ended'],
  properties: { ended: { type: 'array', items: { type: 'boolean' } } },
});
const scored = lazyValidator<Scored>({
  type: 'object',
  required: ['rewards'],
  properties: {
    rewards: { type: 'object', additionalProperties: { type: 'array', items: { type: 'number' } } },
  },
});

/**
 * A rank that gets no prompt is not asked, and so loads no reward function and no reward model either. Of a model in
 * shards it takes part in the draw: all ranks gather the model together.
 */
export function answerTools(group: Pick<WorkerGroup, 'size' | 'askAll'>, inShards: boolean): AnswerTools {
  return {
    async draw(prompts, { group: copies, maxNewTokens: longest, temperature, topP, stopTokenIds, seed }) {
      const shares = dealInOrder(prompts.length, group.size);
      const none = { from: prompts.length, to: prompts.length };
      const settings = { group: copies, longest, temperature, topP, stopTokenIds, seed };
      const requestOf = (rank: number) => {
        const { from, to } = shares[rank] ?? none;
        // What chance gives an answer depends on its place in the step, whoever draws it.
        return { head: { ...settings, promptsBefore: from }, parts: prompts.slice(from, to).map(bytesOf) };
      };
      const answers = await group.askAll('draw', requestOf, inShards ? group.size : shares.length);
      return answers.flatMap(({ head, parts }) => {
        const { ended } = readDrawn(head['value']);
        return parts.map((part, i) => ({ tokens: intsOf(part), isEnded: ended[i] === true }));
      });
    },
    async score(answers, copies) {
      const shares = dealInOrder(answers.length / copies, group.size);
      const columns = [...new Set(answers.flatMap(({ fields }) => Object.keys(fields)))].toSorted();
      const requestOf = (rank: number) => {
        const { from, to } = shares[rank]!;
        const own = answers.slice(copies * from, copies * to);
        const [completions, rows] = [own.map(({ text }) => text), own.map(({ fields }) => fields)];
        const head = { completions, rows, columns, lengths: own.map(({ length }) => length) };
        return { head, parts: own.map(({ tokens }) => bytesOf(tokens)) };
      };
      const found = await group.askAll('score', requestOf, shares.length);
      const parts = found.map(({ head }) => readScored(head['value']).rewards);
      const names = Object.keys(parts[0] ?? {});
      return Object.fromEntries(names.map((name) => [name, parts.flatMap((part) => part[name] ?? [])]));
    },
  };
}

function readDrawn(value: unknown): Drawn {
  const validate = drawn();
  if (validate(value)) return value;
  throw new Error(`The worker's answers cannot be used: ${describeSchemaError(validate.errors)}.`);
}

function readScored(value: unknown): Scored {
  const validate = scored();
  if (validate(value)) return value;
  throw new Error(`The worker's rewards cannot be used: ${describeSchemaError(validate.errors)}.`);
}
