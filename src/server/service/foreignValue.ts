// What another tool's value is called here, where it differs from ours only in its form.
import { suggestValue } from '../../config/suggest.ts';
import { resolveNode, schemaAt } from '../../config/schema.ts';
import { parsePath } from '../../config/path.ts';

/** Their name → our value for their true and false. */
const switches: Readonly<Record<string, readonly [whenTrue: string, whenFalse: string]>> = {
  train_on_inputs: ['all', 'assistant'],
  train_on_prompt: ['all', 'assistant'],
  completion_only_loss: ['assistant', 'all'],
  assistant_only_loss: ['assistant', 'all'],
  mask_prompt: ['assistant', 'all'],
  mask_history: ['last_assistant', 'assistant'],
  shuffle: ['random', 'as_is'],
  shuffle_dataset: ['random', 'as_is'],
  disable_shuffling: ['as_is', 'random'],
  bf16: ['auto', 'no'],
  fp16: ['auto', 'no'],
};

/** Our value for theirs; theirs when nothing better is known. `path` is our field. */
export function foreignValue(name: string, path: string, value: unknown): unknown {
  const pair = Object.hasOwn(switches, name) ? switches[name] : undefined;
  if (pair && typeof value === 'boolean') return value ? pair[0] : pair[1];
  if (name === 'lora_target_linear' && value === true) return 'all-linear';
  if (typeof value !== 'string') return value;
  const schema = schemaAt(parsePath(path) ?? []);
  const words = [schema ?? {}, ...(schema?.anyOf ?? [])]
    .map(resolveNode)
    .flatMap((node) => node.enum ?? [])
    .filter((word) => typeof word === 'string');
  if (words.length === 0 || words.includes(value)) return value;
  return suggestValue(path, value, words) ?? value;
}
