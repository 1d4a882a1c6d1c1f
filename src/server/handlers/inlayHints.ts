// Derived numbers at the ends of a config's lines: rows and tokens of a step, steps of the run, the adapters' scale.
import type { InlayHint, Range } from 'vscode-languageserver/node';
import type { ServerContext } from '../context.ts';
import type { OpenConfig } from '../documents.ts';
import { checkText } from '../service/configText.ts';
import { derivedNumbers } from '../service/derivedNumbers.ts';
import { costQuestion } from './codeLens.ts';
import { rangeOf } from './diagnostics.ts';
import type { Feature } from './feature.ts';

export const inlayHintsFeature: Feature = {
  capabilities: { inlayHintProvider: true },
  register(connection, context) {
    connection.languages.inlayHint.on(async ({ textDocument, range }) => {
      const config = context.documents.config(textDocument.uri);
      return config ? hintsIn(config, range, context) : [];
    });
  },
};

async function hintsIn(config: OpenConfig, range: Range, context: ServerContext): Promise<InlayHint[]> {
  const text = config.parsed();
  const { environment } = await context.settings.of(config.uri);
  const { usable } = checkText(text, environment);
  if (!usable) return [];
  const question = await costQuestion(config, context);
  const costs = question && context.estimates.knownOf(question);
  return derivedNumbers(usable, costs, context.phrases()).flatMap(({ path, text: label }): InlayHint[] => {
    const place = text.positions.entries.get(path)?.value;
    if (!place) return [];
    const position = rangeOf(place).end;
    if (position.line < range.start.line || position.line > range.end.line) return [];
    return [{ position, label, paddingLeft: true }];
  });
}
