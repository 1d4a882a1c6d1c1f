// Did you mean: names of other tools lead to fields that exist, and typing errors to the nearest name.
import { describe, expect, test } from 'vitest';
import { foreignNames, foreignValues } from '../../../src/config/otherTools.ts';
import { allFields, schemaAt } from '../../../src/config/schema.ts';
import { editDistance, nearest, suggestFields, suggestValue } from '../../../src/config/suggest.ts';

const paths = new Set(allFields().map((field) => field.path));

test.each([...foreignNames])('%s leads to a field that exists', (_, { path }) => {
  expect(paths).toContain(path);
});

test("no other tool's name hides one of our own top-level fields", () => {
  const topLevel = allFields().filter((field) => field.block === '');
  for (const { name } of topLevel) expect(foreignNames.has(name), name).toBe(false);
});

test.each(Object.entries(foreignValues))('values of other tools for %s lead to allowed ones', (path, values) => {
  const node = schemaAt(path.split('.'));
  const allowed = [node, ...(node?.anyOf ?? [])].flatMap((branch) => branch?.enum ?? []);
  for (const [theirs, ours] of Object.entries(values)) {
    expect(allowed).toContain(ours);
    expect(allowed).not.toContain(theirs);
  }
});

// The names that the design asks for, one by one.
test.each([
  ['model', 'model_name model_name_or_path base_model model_id'],
  ['data.train', 'dataset datasets dataset_path train_file'],
  ['data.validation', 'val_set_size val_size eval_split'],
  ['data.format', 'type formatting dataset_type'],
  ['data.max_length', 'cutoff_len sequence_len max_seq_length max_seq_len model_max_length'],
  ['data.packing', 'sample_packing'],
  ['data.train_on', 'train_on_inputs'],
  ['data.template', 'chat_template template'],
  ['method', 'adapter finetuning_type peft_type'],
  ['objective', 'stage rl'],
  ['lora.rank', 'lora_r lora_rank r'],
  ['lora.alpha', 'lora_alpha'],
  ['lora.dropout', 'lora_dropout'],
  ['lora.target_modules', 'lora_target lora_target_modules'],
  ['training.epochs', 'num_epochs num_train_epochs'],
  ['training.batch_size', 'micro_batch_size per_device_train_batch_size'],
  ['training.learning_rate', 'lr learning_rate'],
  ['training.lr_scheduler', 'lr_scheduler_type'],
  ['training.optimizer', 'optim'],
  ['training.max_grad_norm', 'max_norm max_gradient_norm'],
  ['training.mixed_precision', 'bf16 fp16 mixed_precision'],
  ['checkpoints.every', 'save_steps'],
  ['checkpoints.keep', 'save_total_limit'],
  ['evaluation.every', 'eval_steps'],
  ['output', 'output_dir'],
])('%s is found by %s', (path, names) => {
  for (const name of names.split(' '))
    expect(
      suggestFields('', name).map((found) => found.path),
      name,
    ).toEqual([path]);
});

describe('typing errors', () => {
  test.each([
    ['training', 'learnig_rate', ['training.learning_rate']],
    ['training', 'LearningRate', ['training.learning_rate']],
    ['training', 'warmup-ratio', ['training.warmup_ratio']],
    ['', 'trainig', ['training']],
    ['lora', 'rnak', ['lora.rank']],
    ['data.train[3]', 'fromat', ['data.train[].format']],
    ['data.columns', 'instructions', ['data.columns.instruction']],
    ['', 'gradient_acumulation_steps', ['training.gradient_accumulation_steps']],
    ['', 'xyzzy', []],
    ['', 'a', []],
  ])('in block "%s", %s', (block, name, expected) => {
    expect(suggestFields(block, name).map((found) => found.path)).toEqual(expected);
  });

  test('of values', () => {
    expect(suggestValue('training.lr_scheduler', 'Cosine', ['linear', 'cosine'])).toBe('cosine');
    expect(suggestValue('training.lr_scheduler', 'WSD', ['linear'])).toBe('warmup_stable_decay');
    expect(suggestValue('data.train[2].format', 'sharegpt', [])).toBe('conversations');
    expect(suggestValue('method', 'constructor', ['full', 'lora'])).toBeUndefined();
  });
});

describe('editDistance', () => {
  // Insertions, deletions, replacements and swaps of neighbours, each worth 1.
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['rank', 'rnak', 1],
    ['ca', 'abc', 3], // optimal string alignment edits no substring twice (Damerau's own distance would be 2)
    ['epochs', 'epoch', 1],
    ['abcdef', 'badcfe', 3],
  ])('%s → %s is %i', (a, b, expected) => {
    expect(editDistance(a, b)).toBe(expected);
    expect(editDistance(b, a)).toBe(expected);
  });
});

test('nearest gives equally near candidates together, and none that is far', () => {
  const names = ['q_proj', 'k_proj', 'v_proj', 'gate_proj'];
  expect(nearest('z_proj', names, (name) => name)).toEqual(['q_proj', 'k_proj', 'v_proj']);
  expect(nearest('gatproj', names, (name) => name)).toEqual(['gate_proj']);
  expect(nearest('embedding', names, (name) => name)).toEqual([]);
});
