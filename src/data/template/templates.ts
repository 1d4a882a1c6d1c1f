// The setting `data.template` resolved: the model's own Jinja template, Alpaca's layout, a .jinja file, or none.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { compileChatTemplate, type RenderOptions } from '../../models/chatTemplate.ts';
import type { Tokenizer } from '../../models/types.ts';
import { problem } from '../../protocol/problem.ts';
import { alpacaTemplate } from './alpaca.ts';
import type { TemplateUse } from './render.ts';

/** `none`: rows are plain text, a prompt and its completion laid one after the other. */
export type RowTemplate = TemplateUse | 'none';

export interface TemplateFacts {
  readonly tokenizer: Tokenizer;
  /** The model's own template, and the model's name for messages. */
  readonly modelTemplate: string | undefined;
  readonly modelName: string;
  /** Folder that a .jinja path is relative to. */
  readonly baseDirectory: string;
  /** Further variables for the template, such as `enable_thinking`. */
  readonly variables?: RenderOptions['variables'];
}

/**
 * The template that rows are rendered with. `chat` for a model without a template gives `none`: plain rows need no
 * template, and a chat row then says which one is missing.
 * @throws ProblemError `chat/template-not-found` or `chat/template-syntax`.
 */
export async function resolveTemplate(setting: string, facts: TemplateFacts): Promise<RowTemplate> {
  const options: RenderOptions = {
    specialTokens: specialTokenNames(facts.tokenizer),
    ...(facts.variables ? { variables: facts.variables } : {}),
  };
  if (setting === 'none') return 'none';
  if (setting === 'alpaca') return { template: compileChatTemplate(alpacaTemplate, 'alpaca'), options };
  if (setting === 'chat') {
    if (facts.modelTemplate === undefined) return 'none';
    return { template: compileChatTemplate(facts.modelTemplate, facts.modelName), options };
  }
  const file = resolve(facts.baseDirectory, setting);
  return { template: compileChatTemplate(await readTemplate(file), setting), options };
}

async function readTemplate(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw problem(
      'chat/template-not-found',
      `The template file cannot be read (${reason}). data.template is chat, alpaca, none or the path of a .jinja file.`,
      { file },
    );
  }
}

function specialTokenNames(tokenizer: Tokenizer): Record<string, string> {
  const ids = { bos_token: tokenizer.bosTokenId, eos_token: tokenizer.eosTokenId, pad_token: tokenizer.padTokenId };
  return Object.fromEntries(
    Object.entries(ids).flatMap(([name, id]) => {
      const token = id === undefined ? undefined : tokenizer.idToToken(id);
      return token === undefined ? [] : [[name, token]];
    }),
  );
}
