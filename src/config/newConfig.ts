// The text of a new config with comments that say what a person may want to change next.

export interface NewConfig {
  readonly name: string;
  /** Hub id, folder or .gguf file, as it is written in a config. */
  readonly model: string;
  /** Path of the training rows relative to the config. */
  readonly data: string;
  readonly method: 'lora' | 'full';
}

/** A config that trains as it stands. Values that a config leaves out have good defaults; the comments name the rest. */
export function newConfigText({ name, model, data, method }: NewConfig): string {
  const lora =
    method === 'lora'
      ? `
lora:
  rank: 16 # more learns more and takes more memory
  alpha: 32 # usually twice the rank
`
      : '';
  return `# Start it with the command "Fine-Tune: Start Fine-Tune", or with: finetune start <this file>
# All fields and their defaults: docs/config.md
version: 1
name: ${quoted(name)}
model: ${quoted(model)}
method: ${method} # lora trains small matrices beside the weights; full trains every weight

data:
  train: ${quoted(data)}
  validation: 0.1 # a tenth of the rows is kept to measure on
  max_length: 512 # longest row in tokens
${lora}
training:
  epochs: 3
  batch_size: 4
  gradient_accumulation_steps: 2 # eight rows a step
  learning_rate: ${method === 'lora' ? '2e-4' : '2e-5'}

evaluation:
  every: 50 # steps between two evaluations

checkpoints:
  every: 50
  keep: 2
`;
}

/** The text as YAML reads it back: plain where that is safe, else in double quotes. */
function quoted(text: string): string {
  const plain = /^[A-Za-z./][\w./@+-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|\.inf|\.nan)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

/** A name that the schema accepts, from whatever a person typed. */
export function safeName(text: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[-.]+$/g, '')
    .slice(0, 64);
  return name === '' ? 'fine-tune' : name;
}
