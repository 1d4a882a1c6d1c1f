// Rules about the engine: what it needs on this machine, and what it does not do.

import { chooseEngine } from '../engine.ts';
import type { ConfigRule } from './rule.ts';

const torchMissing: ConfigRule = {
  code: 'config/torch-missing',
  severity: 'error',
  summary: 'The config wants the torch engine, and its Python environment is not there or broken.',
  check: (config, facts) => {
    const reason = facts.machine?.torchMissing;
    if (reason === undefined || chooseEngine(config).engine !== 'torch') return [];
    const path = config.engine !== 'torch' ? pathThatWantsTorch(config.device) : 'engine';
    return [{ path, message: reason }];
  },
};

function pathThatWantsTorch(device: string | undefined): string {
  return device === 'mps' ? 'device' : 'training.mixed_precision';
}

const needsTorch: ConfigRule = {
  code: 'config/needs-torch',
  severity: 'error',
  summary: '`training.mixed_precision: bf16` with the embedded engine, which computes in 32-bit floats.',
  check: ({ engine, training }) => {
    if (engine !== 'embedded' || training?.mixed_precision !== 'bf16') return [];
    const message = 'The embedded engine computes in 32-bit floats. Write `mixed_precision: no`, or `engine: torch`.';
    return [{ path: 'training.mixed_precision', message }];
  },
};

export const engineRules: readonly ConfigRule[] = [torchMissing, needsTorch];
