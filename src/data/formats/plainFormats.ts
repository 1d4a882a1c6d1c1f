// The formats made of a few texts: instruction, text, and reasoning (question, steps, answer).
import type { DataRecord, InstructionRecord } from '../records.ts';
import { isObject, type FieldReader } from './fields.ts';

export function readInstruction(fields: FieldReader, sampleId: string): DataRecord {
  const instruction = fields.requiredText('instruction');
  const input = fields.optionalText('input') ?? '';
  const output = fields.requiredText('output');
  return instructionRecord(fields, sampleId, instruction, input, output);
}

export function readText(fields: FieldReader, sampleId: string): DataRecord {
  return { kind: 'text', sampleId, text: fields.requiredText('text') };
}

/**
 * A question whose steps are worked through before the answer. All of it is trained: the steps are part of the
 * output, so that every template keeps them.
 */
export function readReasoning(fields: FieldReader, sampleId: string): DataRecord {
  const question = fields.requiredText('question');
  const answerName = fields.nameOf('answer');
  const answer = fields.get('answer');
  if (answer === undefined) fields.missing('answer');
  const answerText = answer === undefined ? '' : fields.textOrNumber(answer, [answerName]);
  return instructionRecord(fields, sampleId, question, '', workedSolution(readSteps(fields), answerText));
}

/** Steps and answer as one text: `Step 1: …` blocks, a blank line between them, and `Answer: …` at the end. */
export function workedSolution(steps: readonly (readonly string[])[], answer: string): string {
  const blocks = steps.map((lines, i) => `Step ${i + 1}: ${lines.join('\n')}`);
  return [...blocks, `Answer: ${answer}`].join('\n\n');
}

/** The lines of each step: description, calculation, reasoning, as far as they are there. */
function readSteps(fields: FieldReader): string[][] {
  const name = fields.nameOf('steps');
  const value = fields.get('steps');
  if (value === undefined) {
    fields.missing('steps');
    return [];
  }
  const steps = fields.list(value, [name]);
  if (Array.isArray(value) && value.length === 0)
    fields.add('data/empty-list', [name], `"${name}" is empty; a reasoning row has at least one step.`);
  return steps.map((step, i) => {
    if (typeof step === 'string') return [step];
    if (!isObject(step)) {
      fields.wrongType([name, i], 'a text or an object {description, calculation, reasoning}', step);
      return [];
    }
    const parts = ['description', 'calculation', 'reasoning'].flatMap((part) => {
      const text = step[part];
      return text === undefined || text === null || text === '' ? [] : [fields.textOrNumber(text, [name, i, part])];
    });
    if (parts.length === 0)
      fields.add(
        'data/missing-field',
        [name, i],
        `Step ${i + 1} has none of "description", "calculation" and "reasoning".`,
      );
    return parts;
  });
}

function instructionRecord(
  fields: FieldReader,
  sampleId: string,
  instruction: string,
  input: string,
  output: string,
): InstructionRecord {
  const system = fields.optionalText('system');
  if (output.trim() === '' && !fields.failed)
    fields.add(
      'data/empty-output',
      [fields.nameOf('output')],
      'The output is empty: the row teaches the model to answer nothing.',
      'warning',
    );
  return { kind: 'instruction', sampleId, instruction, input, output, ...(system === undefined ? {} : { system }) };
}
