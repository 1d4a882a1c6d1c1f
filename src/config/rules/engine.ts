// Rules about the engine: what it needs on this machine, and what it does not do.

import { chooseEngine, torchNeeds } from '../engine.ts';
import type { ConfigRule } from './rule.ts';

const torchMissing: ConfigRule = {
  code: 'config/torch-missing',
  severity: 'error',
  summary: 'The config wants the torch engine, and its Python environment is not there or broken.',
  check: (config, facts) => {
    const reason = facts.machine?.torchMissing;
    if (reason === undefined || chooseEngine(config).engine !== 'torch') return [];
    const [need] = config.engine === 'torch' ? [] : torchNeeds(config);
    return [{ path: need?.path ?? 'engine', message: reason }];
  },
};

const needsTorch: ConfigRule = {
  code: 'config/needs-torch',
  severity: 'error',
  summary:
    '`engine: embedded` with what only the torch engine does: an objective other than sft, `method: qlora` or `prefix`, `lora.use_dora`, `mixed_precision: bf16`, `distributed`.',
  check: (config) => {
    if (config.engine !== 'embedded') return [];
    return torchNeeds(config).flatMap(({ path, refusal }) =>
      refusal === undefined ? [] : [{ path, message: refusal }],
    );
  },
};

export const engineRules: readonly ConfigRule[] = [torchMissing, needsTorch];
