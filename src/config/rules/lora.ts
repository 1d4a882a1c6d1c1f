// Rules about LoRA: blocks that nothing reads, scales far from what works, layers that the model does not have.

import { methodOf, trainsLora } from '../method.ts';
import { defaults, type FinetuneConfig } from '../schema.generated.ts';
import { nearest } from '../suggest.ts';
import type { ConfigRule, Finding } from './rule.ts';

const loraUnused: ConfigRule = {
  code: 'config/lora-unused',
  severity: 'warning',
  summary: 'A field of LoRA is set, but the method is `full` or `prefix`.',
  check: (config) => {
    if (trainsLora(config)) return [];
    const unused = [
      ...(config.lora === undefined ? [] : ['lora']),
      ...(config.training?.lora_lr_ratio === undefined ? [] : ['training.lora_lr_ratio']),
      ...(config.training?.lora_plus_ratio === undefined ? [] : ['training.lora_plus_ratio']),
    ];
    return unused.map((path) => ({
      path,
      part: 'key',
      message: `\`${path}\` is not used by method ${methodOf(config)}. Remove it, or write \`method: lora\`.`,
    }));
  },
};

const alphaFarFromRank: ConfigRule = {
  code: 'config/alpha-far-from-rank',
  severity: 'hint',
  summary:
    '`lora.alpha` lies outside rank … 2 · rank, so the adapters are scaled unusually (not checked with use_rslora).',
  check: (config, facts) => {
    const { alpha, use_rslora, init_from } = config.lora ?? {};
    if (!trainsLora(config) || alpha === undefined || use_rslora === true) return [];
    const adapterRank = init_from === undefined ? undefined : facts.adapter?.rank;
    const rank = config.lora?.rank ?? adapterRank ?? defaults.lora.rank;
    if (alpha >= rank && alpha <= 2 * rank) return [];
    const message = `The adapters are scaled by alpha / rank = ${Number((alpha / rank).toPrecision(3))}; usual is 1 to 2, so alpha from ${rank} to ${2 * rank}.`;
    return [{ path: 'lora.alpha', message }];
  },
};

const unknownTargetModule: ConfigRule = {
  code: 'config/unknown-target-module',
  severity: 'error',
  summary: '`lora.target_modules` names a layer that the model does not have, or that is not linear.',
  check: (config, facts) => {
    const targets = config.lora?.target_modules;
    const modules = facts.model?.linearModules;
    if (!trainsLora(config) || !Array.isArray(targets) || modules === undefined) return [];
    return targets.flatMap((target, index) => unknownTarget(target, index, modules));
  },
};

function unknownTarget(target: string, index: number, modules: readonly string[]): Finding[] {
  if (modules.some((name) => name === target || name.endsWith(`.${target}`))) return [];
  const names = [...new Set(modules.map((name) => name.slice(name.lastIndexOf('.') + 1)))];
  const near = nearest(target, names, (name) => name);
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It has ${names.join(', ')}.`;
  return [{ path: `lora.target_modules[${index}]`, message: `The model has no linear layer named ${target}. ${hint}` }];
}

const adapterDiffers: ConfigRule = {
  code: 'config/adapter-differs',
  severity: 'error',
  summary:
    '`lora.rank`, `lora.alpha`, `lora.use_rslora` or `lora.use_dora` differs from the adapter that `lora.init_from` names.',
  check: (config, facts) => {
    const { adapter } = facts;
    if (!trainsLora(config) || config.lora?.init_from === undefined || !adapter) return [];
    return [
      ...differs(config, 'rank', adapter.rank),
      ...differs(config, 'alpha', adapter.alpha),
      ...differs(config, 'use_rslora', adapter.useRslora),
      ...(adapter.useDora ? [] : differs(config, 'use_dora', false)),
    ];
  },
};

const adapterNeedsDora: ConfigRule = {
  code: 'config/adapter-needs-dora',
  severity: 'error',
  summary: 'The adapter that `lora.init_from` names is of DoRA, and `lora.use_dora` is not on.',
  check: (config, { adapter }) => {
    const { init_from, use_dora } = config.lora ?? {};
    if (!trainsLora(config) || init_from === undefined || adapter?.useDora !== true || use_dora === true) return [];
    const message = 'The adapter of `lora.init_from` has lengths of its own (DoRA). Write `use_dora: true` beside it.';
    return [{ path: use_dora === undefined ? 'lora.init_from' : 'lora.use_dora', message }];
  },
};

function differs(
  config: FinetuneConfig,
  field: 'rank' | 'alpha' | 'use_rslora' | 'use_dora',
  theirs: number | boolean,
): Finding[] {
  const ours = config.lora?.[field];
  if (ours === undefined || ours === theirs) return [];
  const message = `The adapter of \`lora.init_from\` has ${field} ${theirs}. Remove this line to take it over, or start a fresh adapter.`;
  return [{ path: `lora.${field}`, message }];
}

const quantizationUnused: ConfigRule = {
  code: 'config/quantization-unused',
  severity: 'warning',
  summary: '`quantization` is set, but the method is not `qlora`.',
  check: (config) => {
    const method = methodOf(config);
    if (method === 'qlora' || config.quantization === undefined) return [];
    const message = `\`quantization\` is not used by method ${method}. Remove it, or write \`method: qlora\`.`;
    return [{ path: 'quantization', part: 'key', message }];
  },
};

export const loraRules: readonly ConfigRule[] = [
  loraUnused,
  alphaFarFromRank,
  unknownTargetModule,
  adapterDiffers,
  adapterNeedsDora,
  quantizationUnused,
];
