// Importing other tools' configs: values, reasons, defaults; and that no key of a source goes without a word.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importConfig, type ImportOptions } from '../../../src/config/import/importConfig.ts';
import { reportLines, type ImportReport } from '../../../src/config/import/report.ts';
import { valueAt } from '../../../src/config/path.ts';
import { parseConfig } from '../../../src/config/parse.ts';

/** Imports, checks what holds for every import, and gives values and the three lists by the source's keys. */
function imported(text: string, file: string, options: ImportOptions = {}) {
  const { text: config, report } = importConfig(text, file, options);
  expect(parseConfig(config, file)).toMatchObject({ problems: [] });
  const { mapped, changed, left } = report;
  const all = [...mapped, ...changed, ...left].map(({ key }) => `${key.shown}@${key.place.line}:${key.place.column}`);
  expect(new Set(all).size).toBe(all.length);
  const tree: unknown = parse(config);
  return {
    config,
    report,
    keys: all.map((name) => name.replace(/@.*/, '')),
    value: (path: string): unknown => valueAt(tree, path),
    why: (name: string) => changed.find(({ key }) => key.shown === name)?.why,
    todo: (name: string) => left.find(({ key }) => key.shown === name)?.todo,
    mappedTo: (name: string) => mapped.find(({ key }) => key.shown === name)?.path,
  };
}

const firstLooks = (report: ImportReport): string => reportLines(report).join('\n');

describe('Axolotl', () => {
  const axolotl = `
base_model: my-org/my-model
datasets:
  - path: my-org/rows
    type: alpaca
    split: train[:10%]
  - path: data/chats.jsonl
    type: chat_template
    field_messages: talk
val_set_size: 0.1
adapter: qlora
load_in_4bit: true
load_in_8bit: false
sequence_len: 4096
sample_packing: true
lora_r: 8
lora_alpha: 24
lora_target_linear: true
micro_batch_size: 2
gradient_accumulation_steps: 4
num_epochs: 2
optimizer: paged_adamw_8bit
lr_scheduler: polynomial
learning_rate: 0.00015
warmup_steps: 10
bf16: auto
wandb_project:
special_tokens:
  pad_token: "<pad>"
evals_per_epoch: 4
lora_dropuot: 0.1
flash_attention: true
`;
  const result = imported(axolotl, 'a.yml');

  test('keeps values, and lists of files with their own formats', () => {
    expect(result.value('model')).toBe('my-org/my-model');
    expect(result.value('data.train')).toEqual([
      { path: 'data/rows.jsonl', format: 'instruction' },
      { path: 'data/chats.jsonl', format: 'messages', columns: { messages: 'talk' } },
    ]);
    expect(result.value('lora')).toEqual({ rank: 8, alpha: 24, dropout: 0, target_modules: 'all-linear' });
    expect(result.value('training')).toMatchObject({
      batch_size: 2,
      epochs: 2,
      learning_rate: 0.00015,
      warmup_steps: 10,
    });
    expect(result.mappedTo('sequence_len')).toBe('data.max_length');
  });

  test('says why a value is another one', () => {
    expect(result.value('method')).toBe('qlora');
    expect(result.todo('load_in_4bit')).toContain('method: qlora');
    expect(result.value('training.lr_scheduler')).toBe('linear');
    expect(result.why('optimizer')).toContain('32-bit');
    expect(result.why('datasets[0].path')).toContain('load_dataset("my-org/rows", split="train[:10%]")');
    expect(result.why('sample_packing')).toContain('here rows');
  });

  test('writes defaults out that are not ours', () => {
    expect(result.report.defaults.map(({ path, value }) => [path, value])).toEqual([
      ['training.weight_decay', 0],
      ['data.overflow', 'drop'],
      ['lora.dropout', 0],
    ]);
  });

  test('says of every other key what to do', () => {
    expect(result.todo('load_in_8bit')).toContain('nothing to do');
    expect(result.todo('wandb_project')).toContain('no value');
    expect(result.todo('evals_per_epoch')).toContain('divide them by 4');
    expect(result.todo('lora_dropuot')).toContain('Did you mean lora_dropout?');
    expect(result.keys.toSorted()).toEqual(leaves(parse(axolotl), '').toSorted());
  });

  test('comments say where each value comes from', () => {
    expect(result.config).toContain('learning_rate: 1.5e-4 # learning_rate, line 24\n');
    const { config } = imported(axolotl.replace('load_in_8bit: false', 'load_in_8bit: true'), 'a.yml');
    expect(config).toMatch(/# Not carried over: load_in_8bit, line 13\./);
    expect(result.config).toMatch(/overflow: drop # default of Axolotl: longer rows are left out; ours is truncate\n/);
  });

  test('turns with from and value are conversations, whatever the type says', () => {
    const turns = 'message_property_mappings: {role: from, content: value}';
    const { value } = imported(axolotl.replace('field_messages: talk', `field_messages: talk\n    ${turns}`), 'a.yml');
    expect(value('data.train[1]')).toEqual({
      path: 'data/chats.jsonl',
      format: 'conversations',
      columns: { conversations: 'talk' },
    });
  });

  test('an objective that does not exist here is told first', () => {
    const { report, todo } = imported(`${axolotl}rl: kto\n`, 'a.yml');
    expect(todo('rl')).toContain('The objective kto does not exist here');
    expect(firstLooks(report)).toMatch(/Look at these first[\s\S]*rl \(line 33\): The objective kto[\s\S]*\nMapped/);
    expect(imported(`${axolotl}rl: dpo\n`, 'a.yml').config).toContain('objective: dpo');
  });
});

describe('LLaMA-Factory', () => {
  const yaml = `
model_name_or_path: my-org/my-model
stage: sft
do_train: true
finetuning_type: lora
lora_target: all
dataset: notes,talks
template: qwen3
cutoff_len: 512
max_samples: 100
output_dir: saves/notes
learning_rate: 1.0e-4
mask_history: true
train_on_prompt: false
warmup_ratio: 0.2
max_steps: 40
num_train_epochs: 3
lr_scheduler_type: constant_with_warmup
save_steps: 0.25
`;

  test('dataset names become the files of dataset_info.json, where that is found', () => {
    const datasetInfo = JSON.stringify({
      notes: { file_name: 'notes.json', columns: { prompt: 'question', response: 'output' } },
      talks: { hf_hub_url: 'my-org/talks', formatting: 'sharegpt', columns: { messages: 'turns' } },
    });
    const result = imported(yaml, 'a.yaml', { datasetInfo });
    expect(result.value('data.train')).toEqual([
      { path: 'data/notes.json', format: 'instruction', columns: { instruction: 'question' } },
      { path: 'data/talks.jsonl', format: 'conversations', columns: { conversations: 'turns' } },
    ]);
    expect(imported(yaml, 'a.yaml').why('dataset')).toContain('notes is a name of dataset_info.json');
  });

  test('rivals are settled: steps over epochs, one mask', () => {
    const result = imported(yaml, 'a.yaml');
    expect(result.value('training.max_steps')).toBe(40);
    expect(result.value('training.epochs')).toBeUndefined();
    expect(result.todo('num_train_epochs')).toBe('max_steps on line 16 has the say. Nothing to do.');
    expect(result.value('data.train_on')).toBe('assistant');
    expect(result.todo('mask_history')).toContain('train_on_prompt on line 14 has the say');
    expect(result.value('checkpoints.every')).toBe(10);
    expect(result.value('training.batch_size')).toBe(8);
    expect(result.value('lora.rank')).toBe(8);
  });

  test('JSON and command lines say the same as YAML', () => {
    const record = parse(yaml) as Readonly<Record<string, unknown>>;
    const json = imported(JSON.stringify(record, null, 2), 'a.json');
    const flags = Object.entries(record).map(([name, value]) => `  --${name} ${String(value)}`);
    const command = imported(`llamafactory-cli train \\\n${flags.join(' \\\n')}\n`, 'a.sh');
    const values = ({ config }: { config: string }): unknown => parse(config);
    expect(values(json)).toEqual(values(imported(yaml, 'a.yaml')));
    expect(values(command)).toEqual(values(json));
    expect(command.keys.toSorted()).toEqual(
      Object.keys(record)
        .map((name) => `--${name}`)
        .toSorted(),
    );
  });

  test('what starts processes is refused', () => {
    const launch = 'compute_environment: LOCAL_MACHINE\ndistributed_type: FSDP\nmixed_precision: bf16\n';
    expect(() => importConfig(launch, 'fsdp.yaml', { from: 'trl' })).toThrow(/tells Accelerate how to start processes/);
  });

  test('configs that merge or answer are refused', () => {
    const merge = 'model_name_or_path: a/b\ntemplate: qwen3\nfinetuning_type: lora\nexport_dir: out\n';
    expect(() => importConfig(merge, 'merge.yaml')).toThrow(/exports a model; it trains nothing/);
  });
});

describe('TRL', () => {
  test('a shell script: quotes, variables, processes', () => {
    const result = imported(
      `#!/bin/bash
MODEL=my-org/my-model
export OUT="runs/first"
accelerate launch --num_processes 4 --mixed_precision bf16 sft.py \\
  --model_name_or_path $MODEL \\
  --dataset_name 'my-org/rows' --dataset_config=small \\
  --use_peft --lora_r 32 --lora_target_modules q_proj v_proj \\
  --per_device_train_batch_size 2 --gradient_accumulation_steps 3 \\
  --output_dir "\${OUT}" # where to
trl dpo --model_name_or_path other/model --dataset_name x
`,
      'train.sh',
    );
    expect(result.value('model')).toBe('my-org/my-model');
    expect(result.value('output')).toBe('runs/first');
    expect(result.value('lora.target_modules')).toEqual(['q_proj', 'v_proj']);
    expect(result.value('data.train')).toBe('data/rows-small.jsonl');
    expect(result.value('training.gradient_accumulation_steps')).toBe(12);
    expect(result.why('--gradient_accumulation_steps')).toContain('Times 4 processes');
    expect(result.todo('--num_processes')).toContain('distributed.processes');
    expect(result.report.remarks).toEqual([expect.stringContaining('Line 10 starts another training')]);
    expect(result.value('data.train_on')).toBe('all');
  });

  test('YAML without an adapter trains every weight, and settings of adapters say nothing', () => {
    const result = imported('model_name_or_path: a/b\ndataset_name: c/d\nlora_r: 8\nmax_length: null\n', 'a.yaml');
    expect(result.value('method')).toBe('full');
    expect(result.value('lora')).toBeUndefined();
    expect(result.todo('lora_r')).toContain('Every weight is trained');
    expect(result.value('data.max_length')).toBe(1_048_576);
    // 2e-5 is TRL's default and ours for method full.
    expect(result.value('training.learning_rate')).toBeUndefined();
    expect(result.value('training.warmup_ratio')).toBe(0);
  });

  test('a value that the schema does not accept is left with the reason', () => {
    const result = imported('model_name_or_path: a/b\ndataset_name: c/d\nlearning_rate: 7\nuse_peft: true\n', 'a.yaml');
    expect(result.value('training.learning_rate')).toBe(2e-5);
    expect(result.todo('learning_rate')).toContain('It is no value of training.learning_rate.');
  });
});

describe('weights in 4 bits', () => {
  const axolotl = (lines: string) =>
    imported(`base_model: a/b\ndatasets:\n  - {path: a.jsonl, type: alpaca}\n${lines}`, 'a.yml');
  const trl = (lines: string) =>
    imported(
      `model_name_or_path: a/b\ndataset_name: c/d\noutput_dir: o\nmax_length: 512\npacking: true\n${lines}`,
      'sft.yaml',
      { from: 'trl' },
    );
  const llama = (lines: string) =>
    imported(
      `model_name_or_path: a/b\nstage: sft\ndo_train: true\ndataset: alpaca\ncutoff_len: 512\n${lines}`,
      'l.yaml',
    );

  test('with adapters they are qlora, and it is told why', () => {
    const found = axolotl('adapter: lora\nlora_r: 8\nload_in_4bit: true');
    expect(found.value('method')).toBe('qlora');
    expect(found.why('load_in_4bit')).toContain('qlora here');
    expect(found.todo('adapter')).toContain('load_in_4bit on line 6 has the say');
    expect(llama('finetuning_type: lora\nquantization_bit: 4').value('method')).toBe('qlora');
    expect(llama('quantization_bit: 4\nquantization_method: hqq').why('quantization_bit')).toContain('hqq');
    expect(trl('use_peft: true\nload_in_4bit: true').value('method')).toBe('qlora');
  });

  test('without adapters, in 8 bits or switched off they are not, and what is left out is told', () => {
    expect(axolotl('load_in_4bit: true').value('method')).toBe('full');
    expect(axolotl('load_in_4bit: true').todo('load_in_4bit')).toContain('asks for none');
    expect(axolotl('adapter: lora\nload_in_4bit: false').value('method')).toBe('lora');
    const eight = llama('finetuning_type: lora\nquantization_bit: 8');
    expect([eight.value('method'), eight.todo('quantization_bit')]).toEqual([
      'lora',
      expect.stringContaining('8 bits'),
    ]);
    expect(llama('finetuning_type: full\nquantization_bit: 4').value('method')).toBe('full');
    expect(trl('load_in_4bit: true').value('method')).toBe('full');
  });

  test('how they are made is kept, with the default of the tool, and only where it is read', () => {
    const type = 'quantization_type: fp4\ndouble_quantization: false';
    const found = llama(`finetuning_type: lora\nquantization_bit: 4\n${type}`);
    expect(found.value('quantization')).toEqual({ type: 'fp4', double_quant: false });
    expect(trl('use_peft: true\nload_in_4bit: true').value('quantization')).toEqual({ double_quant: false });
    expect(llama(`finetuning_type: lora\n${type}`).todo('quantization_type')).toContain(
      'No weights are kept in 4 bits',
    );
    const script = `
from trl import SFTTrainer, SFTConfig
model = AutoModelForCausalLM.from_pretrained("a/b", quantization_config=BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_use_double_quant=True))
trainer = SFTTrainer(model=model, peft_config=LoraConfig(r=8), args=SFTConfig(learning_rate=2e-4, max_length=512))
`;
    const python = imported(script, 'train.py', { from: 'trl' });
    expect(python.value('method')).toBe('qlora');
    expect(python.value('quantization')).toEqual({ type: 'fp4', double_quant: true });
  });

  test('Unsloth loads them so where nothing else is said', () => {
    const unsloth = (more: string) =>
      imported(
        `from unsloth import FastLanguageModel
model, tokenizer = FastLanguageModel.from_pretrained("a/b", max_seq_length=512${more})
model = FastLanguageModel.get_peft_model(model, r=8)
trainer = SFTTrainer(model=model, args=SFTConfig(learning_rate=2e-4))
`,
        'train.py',
      );
    expect(unsloth('').value('method')).toBe('qlora');
    expect(unsloth('').report.defaults.find(({ path }) => path === 'method')?.why).toContain('4 bits');
    expect(unsloth(', load_in_4bit=True').value('method')).toBe('qlora');
    expect(unsloth(', load_in_4bit=False').value('method') ?? 'lora').toBe('lora');
    expect(unsloth(', load_in_4bit=False, full_finetuning=True').value('method')).toBe('full');
  });
});

describe('Unsloth', () => {
  const script = `
from unsloth import FastLanguageModel  # not a call: FastLanguageModel.get_peft_model(r = 1)
max_seq_length = 1024 * 2
name = "my-model"
rank = 8
model, tokenizer = FastLanguageModel.from_pretrained(
    f"my-org/{name}-bnb-4bit", max_seq_length = max_seq_length, load_in_4bit = True, dtype = None)
model = FastLanguageModel.get_peft_model(model, r = rank, lora_alpha = 2 * rank,
    target_modules = ["q_proj",
                      'v_proj',], use_gradient_checkpointing = "unsloth")
dataset = load_dataset("json", data_files = "rows.jsonl", split = "train")
trainer = SFTTrainer(model = model, train_dataset = dataset, args = SFTConfig(
    per_device_train_batch_size = 2, learning_rate = 2e-4, max_steps = -1, num_train_epochs = 1,
    warmup_steps = 0.1, bf16 = is_bf16(), seed = 3407, weight_decay = pick_decay(),
))
trainer = train_on_responses_only(trainer, instruction_part = "U:", response_part = "A:")
if False:
    model, tokenizer = FastLanguageModel.from_pretrained(model_name = "result")
`;

  test('arguments of the known calls are read from the text', () => {
    const result = imported(script, 'train.py');
    expect(result.value('model')).toBe('my-org/my-model');
    expect(result.why('FastLanguageModel.from_pretrained.model_name')).toContain('4 bit');
    expect(result.value('data')).toMatchObject({ train: 'rows.jsonl', max_length: 2048, train_on: 'assistant' });
    expect(result.value('lora')).toMatchObject({ rank: 8, target_modules: ['q_proj', 'v_proj'], dropout: 0 });
    expect(result.value('lora.alpha')).toBe(16);
    expect(result.value('training')).toMatchObject({ epochs: 1, warmup_ratio: 0.1, gradient_checkpointing: true });
    expect(result.value('seed')).toBe(3407);
  });

  test('what only Python can tell is told, and later calls do not count', () => {
    const result = imported(script, 'train.py');
    expect(result.todo('SFTConfig.weight_decay')).toContain('`pick_decay()`');
    expect(result.value('training.weight_decay')).toBe(0);
    expect(result.keys.filter((key) => key.endsWith('from_pretrained.model_name'))).toHaveLength(2);
    const places = result.report.left.find(({ key }) => key.place.line === 18);
    expect(places?.todo).toContain('The call of this kind on line 6 counts');
    expect(result.keys.filter((key) => key === 'FastLanguageModel.get_peft_model.r')).toHaveLength(1);
  });

  test('a notebook is read cell by cell, with the lines of its file', () => {
    const cells = script
      .trim()
      .split('\n(?=model)')
      .map((source) => ({ cell_type: 'code', source: `!pip install x\n${source}`.split(/(?<=\n)/) }));
    const notebook = JSON.stringify({ cells: [{ cell_type: 'markdown', source: ['# r = 99'] }, ...cells] }, null, 1);
    const result = imported(notebook, 'train.ipynb');
    const { value } = imported(script, 'train.py');
    expect(result.value('lora')).toEqual(value('lora'));
    const rank = result.report.mapped.find(({ path }) => path === 'lora.rank');
    expect(notebook.split('\n')[(rank?.key.place.line ?? 0) - 1]).toContain('r = rank');
  });

  test('the YAML of its studio, whose blocks say nothing', () => {
    const result = imported(
      'model: a/b\ndata:\n  local_dataset: [rows.jsonl]\n  format_type: chatml\ntraining:\n  training_type: lora\n  max_seq_length: 700\n  max_steps: 0\n  num_epochs: 2\nlora:\n  lora_r: 64\nlogging:\n  enable_wandb: false\n',
      'studio.yaml',
    );
    expect(result.value('data')).toMatchObject({ train: 'rows.jsonl', format: 'messages', max_length: 700 });
    expect(result.value('lora')).toEqual({ rank: 64, alpha: 16, dropout: 0 });
    expect(result.value('training')).toMatchObject({ epochs: 2, gradient_accumulation_steps: 4 });
  });
});

describe('what cannot be imported is refused in a sentence', () => {
  test.each([
    ['', 'a.yaml', 'does not look like a config'],
    ['version: 1\nmodel: a\n', 'a.yaml', 'does not look like a config'],
    ['base_model: [a\nadapter: lora\ndatasets: x', 'a.yaml', 'not valid YAML'],
    ['print("unsloth")', 'a.py', 'No settings of Unsloth'],
    ['compute_environment: LOCAL\nuse_peft: \ndataset_name: \n', 'a.yaml', 'nothing to import'],
    ['{', 'a.ipynb', 'not valid JSON'],
  ])('%j', (text, file, sentence) => {
    expect(() => importConfig(text, file, file.endsWith('nb') ? { from: 'unsloth' } : {})).toThrow(sentence);
  });
});

/** Paths of all leaves, as the report must have them. */
function leaves(node: unknown, at: string): string[] {
  const isBlock = (value: unknown): value is object => typeof value === 'object' && value !== null;
  if (Array.isArray(node) && node.some(isBlock)) return node.flatMap((item, index) => leaves(item, `${at}[${index}]`));
  if (!isBlock(node) || Array.isArray(node)) return [at];
  return Object.entries(node).flatMap(([key, value]) => leaves(value, at === '' ? key : `${at}.${key}`));
}
