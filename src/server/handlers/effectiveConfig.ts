// Answers what a run of the open config would be: every default filled in, with reasons.
import { effectiveConfig } from '../../config/effective.ts';
import { effectiveConfigRequest } from '../../protocol/languageRequests.ts';
import { checkText } from '../service/configText.ts';
import { effectiveText } from '../service/effectiveText.ts';
import { answer, type Feature } from './feature.ts';

export const effectiveConfigFeature: Feature = {
  capabilities: {},
  register(connection, context) {
    answer(connection, effectiveConfigRequest, async ({ uri }) => {
      const open = context.documents.config(uri);
      if (!open) return { text: null };
      const { environment } = await context.settings.of(uri);
      const text = open.parsed();
      const { config } = checkText(text, environment);
      if (!config) return { text: null };
      await context.surroundings.model(config.model, open.file);
      const facts = {
        ...context.surroundings.facts(open.file, config),
        machine: await context.surroundings.machine(),
      };
      return { text: effectiveText(effectiveConfig(config, facts, text.positions).decisions) };
    });
  },
};
