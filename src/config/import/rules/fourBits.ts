// Weights in 4 bits: with adapters beside them they are `method: qlora` here, however a tool asks for them.

import { asFlag, choice, flag, isOff, rule, type Context, type Converted, type Rule } from '../rule.ts';

/** Whether the source trains adapters and not the weights themselves. */
type TrainsAdapters = (context: Context) => boolean;

const why = 'Adapters beside weights in 4 bits are qlora here.';
const withoutAdapters =
  'Only adapters can be trained beside weights in 4 bits, and this source asks for none. Write `method: qlora` for them.';
const eightBits =
  'Weights in 8 bits do not exist here. `method: qlora` keeps them in 4; LoRA beside whole weights needs more memory: `finetune estimate` tells how much.';

function qlora(context: Context, trainsAdapters: TrainsAdapters): Converted {
  return trainsAdapters(context) ? { value: 'qlora', why } : { todo: withoutAdapters, important: true };
}

/** Of tools that quantise with bitsandbytes under the names of transformers. */
export function loadIn4Bit(trainsAdapters: TrainsAdapters, isSaid: TrainsAdapters = () => false): Rule {
  return rule('method', ['load_in_4bit'], '`true` with adapters → `qlora`', (value, context) => {
    if (isOff(value)) return { todo: 'Off, as here unless the method is qlora: nothing to do.' };
    if (isSaid(context)) return { todo: 'It is `method: qlora`, which the adapter says already. Nothing to do.' };
    return qlora(context, trainsAdapters);
  });
}

/** Of LLaMA-Factory, which quantises while it loads. */
export function quantizationBit(trainsAdapters: TrainsAdapters): Rule {
  return rule(
    'method',
    ['quantization_bit', 'quant_config.quantization_bit'],
    '`4` with adapters → `qlora`',
    (value, context) => {
      if (isOff(value)) return { todo: 'Off, as here unless the method is qlora: nothing to do.' };
      const given = context.value('quantization_method') ?? context.value('quant_config.name');
      const by = typeof given === 'string' ? given : 'bnb';
      if (Number(value) !== 4) return { todo: eightBits, important: true };
      const found = qlora(context, trainsAdapters);
      if (['bnb', 'bitsandbytes', 'auto'].includes(by.toLowerCase()) || !('value' in found)) return found;
      return { ...found, why: `${why} There ${by} made them, here it is bitsandbytes.`, important: true };
    },
  );
}

/** How the 4 bits are made. */
export const fourBitRules: readonly Rule[] = [
  choice(
    'quantization.type',
    ['bnb_4bit_quant_type', 'quantization_type'],
    '`nf4`, `fp4`',
    { nf4: { value: 'nf4' }, fp4: { value: 'fp4' } },
    (value) => ({ value: 'nf4', why: `${value} does not exist here; nf4 takes its place.`, important: true }),
  ),
  flag('quantization.double_quant', ['bnb_4bit_use_double_quant', 'use_bnb_nested_quant', 'double_quantization']),
];

export function axolotlAdapters({ value }: Context): boolean {
  return !isOff(value('adapter'));
}

export function llamaFactoryAdapters({ value }: Context): boolean {
  const type = value('finetuning_type') ?? value('peft_config.name');
  return type !== 'full' && type !== 'freeze';
}

/** YAML and command lines say `use_peft`, Python makes a LoraConfig. */
export function trlAdapters({ value, keys }: Context): boolean {
  return asFlag(value('use_peft')) === true || keys.some(({ scope }) => scope === 'LoraConfig');
}

export function unslothAdapters({ value }: Context): boolean {
  return asFlag(value('full_finetuning')) !== true && value('training_type') !== 'full';
}
