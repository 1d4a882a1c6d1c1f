// Rules about prefix tuning: blocks that nothing reads, and what does not go together with a prefix.

import { methodOf, prefixLength } from '../method.ts';
import { objectiveOf, type Objective } from '../objective.ts';
import type { ConfigRule } from './rule.ts';

const prefixUnused: ConfigRule = {
  code: 'config/prefix-unused',
  severity: 'warning',
  summary: '`prefix` is set, but the method is another one.',
  check: (config) => {
    const method = methodOf(config);
    if (method === 'prefix' || config.prefix === undefined) return [];
    const message = `\`prefix\` is not used by method ${method}. Remove it, or write \`method: prefix\`.`;
    return [{ path: 'prefix', part: 'key', message }];
  },
};

const encoderUnused: ConfigRule = {
  code: 'config/encoder-hidden-size-unused',
  severity: 'warning',
  summary: '`prefix.encoder_hidden_size` is set, but only `prefix_projection: true` has an encoder.',
  check: (config) => {
    const { encoder_hidden_size: size, prefix_projection: projects = false } = config.prefix ?? {};
    if (methodOf(config) !== 'prefix' || size === undefined || projects) return [];
    const message = '`encoder_hidden_size` is not used without `prefix_projection: true`. Remove it, or project.';
    return [{ path: 'prefix.encoder_hidden_size', part: 'key', message }];
  },
};

const packingWithPrefix: ConfigRule = {
  code: 'config/packing-with-prefix',
  severity: 'error',
  summary: '`data.packing: true` with method `prefix`: rows behind one prefix would see each other.',
  check: (config) => {
    if (methodOf(config) !== 'prefix' || config.data.packing !== true) return [];
    const message =
      'Rows behind one prefix would see each other, so each gets a sequence of its own. Remove this line.';
    return [{ path: 'data.packing', message }];
  },
};

const checkpointingWithPrefix: ConfigRule = {
  code: 'config/checkpointing-with-prefix',
  severity: 'error',
  summary: '`training.gradient_checkpointing: true` with method `prefix`, whose keys and values it would leave out.',
  check: (config) => {
    if (methodOf(config) !== 'prefix' || config.training?.gradient_checkpointing !== true) return [];
    const message = 'Layers that are computed again do so without the prefix. Remove this line.';
    return [{ path: 'training.gradient_checkpointing', message }];
  },
};

/** What leaves a prefix and nothing else; the value head of PPO is of use while it trains alone. */
const objectivesWithoutHead: readonly Objective[] = ['sft', 'dpo', 'grpo', 'ppo'];

const objectiveWithPrefix: ConfigRule = {
  code: 'config/objective-with-prefix',
  severity: 'error',
  summary: 'Method `prefix` with an objective that trains a head of its own, which would not be saved with the prefix.',
  check: (config) => {
    const objective = objectiveOf(config);
    if (methodOf(config) !== 'prefix' || objectivesWithoutHead.includes(objective)) return [];
    const message = `The objective ${objective} trains a head besides, which is not saved with a prefix. Write \`method: lora\`.`;
    return [{ path: 'method', message }];
  },
};

const prefixBeyondContext: ConfigRule = {
  code: 'config/prefix-beyond-context',
  severity: 'error',
  summary: '`prefix.num_virtual_tokens` leaves nothing of the context that the model was made for.',
  check: (config, { model }) => {
    const length = prefixLength(config);
    if (!model || length < model.contextLength) return [];
    const path = config.prefix?.num_virtual_tokens === undefined ? 'method' : 'prefix.num_virtual_tokens';
    const message = `The model's context has ${model.contextLength} tokens, and a prefix of ${length} leaves none of it.`;
    return [{ path, message: `${message} Take a shorter one.` }];
  },
};

export const prefixRules: readonly ConfigRule[] = [
  prefixUnused,
  encoderUnused,
  packingWithPrefix,
  checkpointingWithPrefix,
  objectiveWithPrefix,
  prefixBeyondContext,
];
