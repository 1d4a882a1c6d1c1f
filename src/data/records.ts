// The canonical record: what every dataset format is mapped to, and what a chat template renders.

export type Role = 'system' | 'user' | 'assistant' | 'tool';

/** A value as JSON has it. Tool schemas and call arguments are passed to templates as they are. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One call that the assistant makes, in the shape that chat templates expect. */
export interface ToolCall {
  readonly type: 'function';
  readonly id?: string;
  /** `arguments` is an object; a string that is JSON (OpenAI's form) is parsed by the format reader. */
  readonly function: { readonly name: string; readonly arguments: Json };
}

/** One turn of a conversation, in the vocabulary of Hugging Face chat templates. */
export interface Message {
  readonly role: Role;
  readonly content: string;
  /** The assistant's thinking before its answer; templates read it as `reasoning_content`. */
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly ToolCall[];
  /** Of a tool's answer: the call that it answers, and the tool's name. */
  readonly tool_call_id?: string;
  readonly name?: string;
  /** False: this assistant turn is context only, whatever `train_on` says. Absent: `train_on` decides. */
  readonly train?: boolean;
}

export interface ChatRecord {
  readonly kind: 'chat';
  /** Stable name of the row, such as `data/train.jsonl:12` (line numbers count from 1). */
  readonly sampleId: string;
  readonly messages: readonly Message[];
  /** JSON schemas of the tools on offer, as templates expect them. */
  readonly tools?: readonly Json[];
}

/** An instruction with an optional input: a chat for `template: chat`, the Stanford layout for `template: alpaca`. */
export interface InstructionRecord {
  readonly kind: 'instruction';
  readonly sampleId: string;
  readonly system?: string;
  readonly instruction: string;
  /** Empty string: none. */
  readonly input: string;
  readonly output: string;
  /** Thinking before the output (the `reasoning` format). */
  readonly reasoning?: string;
}

/** A prompt and what follows it, both plain text; only the completion is trained. */
export interface CompletionRecord {
  readonly kind: 'completion';
  readonly sampleId: string;
  readonly system?: string;
  readonly prompt: string;
  readonly completion: string;
}

/** Running text, trained whole. */
export interface TextRecord {
  readonly kind: 'text';
  readonly sampleId: string;
  readonly text: string;
}

/** A row that is one text with an end to learn. */
export type SingleRecord = ChatRecord | InstructionRecord | CompletionRecord | TextRecord;

/** One answer to the prompt of a pair, the prompt included. */
export type Side = Omit<ChatRecord, 'sampleId'> | Omit<CompletionRecord, 'sampleId'>;

/** A prompt with a better and a worse answer. */
export interface PreferenceRecord {
  readonly kind: 'preference';
  readonly sampleId: string;
  readonly chosen: Side;
  readonly rejected: Side;
}

/** A row of a dataset, whatever format it was written in. */
export type DataRecord = SingleRecord | PreferenceRecord;

/** The sides of a pair as records of their own; `file:12 (chosen)` names one. */
export function sidesOf({ sampleId, chosen, rejected }: PreferenceRecord): [SingleRecord, SingleRecord] {
  return [
    { ...chosen, sampleId: `${sampleId} (chosen)` },
    { ...rejected, sampleId: `${sampleId} (rejected)` },
  ];
}

/** What is shown of a row where there is room for one text: of a pair, the better answer. */
export function mainRecord(record: DataRecord): SingleRecord {
  return record.kind === 'preference' ? { ...record.chosen, sampleId: record.sampleId } : record;
}
