// Chat-template families of the tests: template file, special tokens, and a tokenizer that has them.
import { readFileSync } from 'node:fs';
import { compileChatTemplate } from '../../../../src/models/chatTemplate.ts';
import { loadTokenizer } from '../../../../src/models/tokenizer.ts';
import type { Tokenizer } from '../../../../src/models/types.ts';
import type { TemplateUse } from '../../../../src/data/template/render.ts';
import type { ChatRecord } from '../../../../src/data/records.ts';

export interface Family {
  /** Path below test/fixtures/templates, without .jinja. */
  readonly file: string;
  readonly bos: string;
  readonly eos: string;
  /** Further special tokens. */
  readonly special: readonly string[];
  readonly variables?: Readonly<Record<string, string | boolean>>;
}

const chatml = ['<|im_start|>', '<|im_end|>'];
const header = ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>', '<|eom_id|>', '<|python_tag|>'];
const turn = ['<start_of_turn>', '<end_of_turn>'];
const cohere = [
  '<|START_OF_TURN_TOKEN|>',
  '<|END_OF_TURN_TOKEN|>',
  '<|USER_TOKEN|>',
  '<|CHATBOT_TOKEN|>',
  '<|SYSTEM_TOKEN|>',
];
const harmony = ['<|start|>', '<|end|>', '<|message|>', '<|channel|>', '<|call|>', '<|constrain|>'];
const none = '<unk>';

export const families: Readonly<Record<string, Family>> = {
  SmolLM2: { file: 'trl/smollm2', bos: '<|im_start|>', eos: '<|im_end|>', special: [] },
  'ChatML, Yi': { file: 'own/chatml', bos: none, eos: '<|im_end|>', special: chatml },
  SmolLM3: { file: 'own/smollm3', bos: none, eos: '<|im_end|>', special: chatml },
  'SmolLM3 without thinking': {
    file: 'own/smollm3',
    bos: none,
    eos: '<|im_end|>',
    special: chatml,
    variables: { enable_thinking: false },
  },
  'Qwen2.5': { file: 'trl/qwen2_5', bos: none, eos: '<|im_end|>', special: chatml },
  Qwen3: { file: 'trl/qwen3', bos: none, eos: '<|im_end|>', special: chatml },
  'Qwen3 without thinking': {
    file: 'trl/qwen3',
    bos: none,
    eos: '<|im_end|>',
    special: chatml,
    variables: { enable_thinking: false },
  },
  'Qwen3 2507': { file: 'trl/qwen3_instruct_2507', bos: none, eos: '<|im_end|>', special: chatml },
  'Qwen3.5': { file: 'trl/qwen3_5_think', bos: none, eos: '<|im_end|>', special: chatml },
  'Qwen3, generation blocks': { file: 'trl/qwen3_training', bos: none, eos: '<|im_end|>', special: chatml },
  'Llama 2': { file: 'own/llama2', bos: '<s>', eos: '</s>', special: [] },
  'Llama 3': { file: 'trl/llama3', bos: '<|begin_of_text|>', eos: '<|eot_id|>', special: header },
  'Llama 3, generation blocks': {
    file: 'trl/llama3_training',
    bos: '<|begin_of_text|>',
    eos: '<|eot_id|>',
    special: header,
  },
  'Llama 3.1': { file: 'trl/llama3_1', bos: '<|begin_of_text|>', eos: '<|eot_id|>', special: header },
  'Llama 3.2': { file: 'trl/llama3_2', bos: '<|begin_of_text|>', eos: '<|eot_id|>', special: header },
  'Mistral v1': { file: 'own/mistral_v1', bos: '<s>', eos: '</s>', special: [] },
  'Mistral v3': {
    file: 'own/mistral_v3',
    bos: '<s>',
    eos: '</s>',
    special: [
      '[INST]',
      '[/INST]',
      '[TOOL_CALLS]',
      '[AVAILABLE_TOOLS]',
      '[/AVAILABLE_TOOLS]',
      '[TOOL_RESULTS]',
      '[/TOOL_RESULTS]',
    ],
  },
  'DeepSeek V3': {
    file: 'trl/deepseekv3',
    bos: '<｜begin▁of▁sentence｜>',
    eos: '<｜end▁of▁sentence｜>',
    special: ['<｜User｜>', '<｜Assistant｜>'],
  },
  'DeepSeek R1': {
    file: 'trl/deepseek_r1_distill',
    bos: '<｜begin▁of▁sentence｜>',
    eos: '<｜end▁of▁sentence｜>',
    special: ['<｜User｜>', '<｜Assistant｜>'],
  },
  'Gemma, Gemma 2': { file: 'trl/gemma', bos: '<bos>', eos: '<eos>', special: turn },
  'Gemma, generation blocks': { file: 'trl/gemma_training', bos: '<bos>', eos: '<eos>', special: turn },
  'Gemma 3': { file: 'trl/gemma3', bos: '<bos>', eos: '<eos>', special: turn },
  'Phi-3.5': {
    file: 'trl/phi3_5',
    bos: '<s>',
    eos: '<|endoftext|>',
    special: ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>'],
  },
  'Phi-4': { file: 'own/phi4', bos: '<|endoftext|>', eos: '<|im_end|>', special: [...chatml, '<|im_sep|>'] },
  'Zephyr, TinyLlama': { file: 'own/zephyr', bos: '<s>', eos: '</s>', special: [] },
  Vicuna: { file: 'own/vicuna', bos: '<s>', eos: '</s>', special: [] },
  'Aya, Command': { file: 'trl/cohere', bos: '<BOS_TOKEN>', eos: '<|END_OF_TURN_TOKEN|>', special: cohere },
  'Command R7B': {
    file: 'trl/cohere2',
    bos: '<BOS_TOKEN>',
    eos: '<|END_OF_TURN_TOKEN|>',
    special: [...cohere, '<|START_RESPONSE|>', '<|END_RESPONSE|>'],
  },
  'Granite 3': {
    file: 'own/granite3',
    bos: none,
    eos: '<|end_of_text|>',
    special: ['<|start_of_role|>', '<|end_of_role|>', '<|tool_call|>'],
  },
  Hermes: { file: 'own/hermes', bos: '<|begin_of_text|>', eos: '<|im_end|>', special: chatml },
  'OLMo 2': { file: 'own/olmo2', bos: '<|endoftext|>', eos: '<|endoftext|>', special: [] },
  'Falcon 3': { file: 'own/falcon3', bos: none, eos: '<|endoftext|>', special: [] },
  'GLM 4 MoE': {
    file: 'trl/glm4moe',
    bos: none,
    eos: '<|endoftext|>',
    special: ['[gMASK]', '<sop>', '<|system|>', '<|user|>', '<|assistant|>', '<|observation|>'],
  },
  'gpt-oss': { file: 'trl/gptoss', bos: none, eos: '<|return|>', special: harmony },
  'LFM2.5': {
    file: 'trl/lfm2_2_5',
    bos: '<|startoftext|>',
    eos: '<|im_end|>',
    special: [...chatml, '<|tool_call_start|>', '<|tool_call_end|>'],
  },
  'Nemotron 3': { file: 'trl/nemotron_3_nano', bos: '<s>', eos: '<|im_end|>', special: chatml },
  'plain dialogue': { file: 'own/plain_dialogue', bos: none, eos: '</s>', special: [] },
};

const fixtures = new URL('../../../fixtures/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, fixtures), 'utf8');

export const conversations = JSON.parse(read('templates/conversations.json')) as Readonly<
  Record<string, Omit<ChatRecord, 'kind' | 'sampleId'>>
>;

export function templateOf(name: string): TemplateUse {
  const family = families[name];
  if (!family) throw new Error(`no family ${name}`);
  return {
    template: compileChatTemplate(read(`templates/${family.file}.jinja`), name),
    options: {
      specialTokens: { bos_token: family.bos === none ? '' : family.bos, eos_token: family.eos },
      ...(family.variables ? { variables: family.variables } : {}),
    },
  };
}

/** A byte-level tokenizer that knows the special tokens of the family. */
export function tokenizerOf(name: string): Tokenizer {
  const family = families[name];
  if (!family) throw new Error(`no family ${name}`);
  const spec = JSON.parse(read('tokenizers/gpt2.json')) as { added_tokens: { id: number; content: string }[] };
  const base = { ...spec.added_tokens[0], special: true, normalized: false };
  const contents = [...new Set([none, family.bos, family.eos, ...family.special])];
  const first = 1000;
  return loadTokenizer(
    { ...spec, added_tokens: contents.map((content, i) => ({ ...base, id: first + i, content })) },
    { bos_token: family.bos, eos_token: family.eos },
  );
}
