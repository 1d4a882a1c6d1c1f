// Which formats an objective's rows may have, and what is said of a file whose rows are of another kind.
import type { RowKind } from '../config/objective.ts';
import { problem, type ProblemError } from '../protocol/problem.ts';
import type { Format } from './formats/format.ts';

/** Whether rows of a format can be used as rows of that kind. */
export function fitsKind(format: Format, kind: RowKind): boolean {
  if (kind === 'prompt') return format !== 'preference' && format !== 'text';
  return format !== 'prompt' && (format === 'preference') === (kind === 'pair');
}

/** The error for a file of the wrong kind; undefined when its format fits. */
export function refuseFormat(format: Format, kind: RowKind, file: string): ProblemError | undefined {
  if (fitsKind(format, kind)) return undefined;
  if (kind === 'prompt') {
    const message = `The rows of ${file} are of format ${format}, and this objective answers prompts: it needs rows with a "prompt" (format prompt), or chats whose last answer is left out.`;
    return problem('data/no-prompts', message, { file });
  }
  if (kind === 'single' && format === 'prompt') {
    const message = `The rows of ${file} have a "prompt" and nothing to learn after it. Map the column of the answer: data.columns: {completion: …}.`;
    return problem('data/no-answers', message, { file });
  }
  if (kind === 'pair') {
    const message = `The rows of ${file} are of format ${format}, and this objective compares two answers to a prompt: it needs rows with "chosen" and "rejected" (format preference). Map their columns by data.columns, or take objective: sft.`;
    return problem('data/no-pairs', message, { file });
  }
  const message = `The rows of ${file} are preference pairs ("chosen", "rejected"), which supervised fine-tuning cannot use. Train on the pairs with objective: dpo or reward, or on the chosen answers alone: data.format: prompt_completion, data.columns: {completion: chosen}.`;
  return problem('data/preference-rows', message, { file });
}
