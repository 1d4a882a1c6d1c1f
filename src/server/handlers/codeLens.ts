// The line above a config: start it, try it out, and what it costs; or why it cannot be started.
import type { CodeLens } from 'vscode-languageserver/node';
import type { EditorCommands } from '../../protocol/languageRequests.ts';
import { say, type Phrases } from '../../protocol/phrases.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import type { OpenConfig } from '../documents.ts';
import type { CostQuestion, CostState } from '../estimates.ts';
import { configProblems } from '../service/configProblems.ts';
import { checkText } from '../service/configText.ts';
import { costWords } from '../service/costs.ts';
import type { Feature } from './feature.ts';

export const codeLensFeature: Feature = {
  capabilities: { codeLensProvider: { resolveProvider: false } },
  register(connection, context) {
    connection.onCodeLens(async ({ textDocument }): Promise<CodeLens[]> => {
      const config = context.documents.config(textDocument.uri);
      const commands = context.commands();
      // The commands are the editor's: one that has none is shown nothing.
      if (!config || !commands) return [];
      const { environment } = await context.settings.of(config.uri);
      const problems = configProblems(config.parsed(), environment, (usable) =>
        context.surroundings.facts(config.file, usable),
      );
      const errors = problems.filter(({ severity }) => severity === 'error');
      if (errors.length > 0) return errorLens(errors, commands, context.phrases());
      const question = await costQuestion(config, context);
      if (!question || !context.isTrusted()) return [];
      return runLenses(config.uri, context.estimates.stateOf(question), commands, context.phrases());
    });
    context.documents.onClose((uri) => context.estimates.forget(uri));
  },
};

/** What to ask the estimates about; undefined for a config that was never saved, or that cannot be read. */
export async function costQuestion(config: OpenConfig, context: ServerContext): Promise<CostQuestion | undefined> {
  const { uri, file } = config;
  const { environment } = await context.settings.of(uri);
  const checked = checkText(config.parsed(), environment);
  if (file === undefined || !checked.config) return undefined;
  return { uri, file, text: config.document.getText(), config: checked.config, environment };
}

const top = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** Why a config cannot be started: what is wrong, or how much is. */
export function errorLens(errors: readonly Problem[], commands: EditorCommands, phrases: Phrases): CodeLens[] {
  const [first] = errors;
  if (!first) return [];
  const title =
    errors.length === 1 ? say(phrases.cannotStart, plain(first.message)) : say(phrases.cannotStartMany, errors.length);
  return [{ range: top, command: { title, command: commands.problems } }];
}

/** Lenses are one line, and know no Markdown. */
function plain(message: string): string {
  const line = message.replaceAll('`', '').replaceAll(/\s+/g, ' ');
  return line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line;
}

/** Characters that fit beside an editor's other columns. */
const longestTitle = 140;

/** The parts of the line, each with the command that tells more. */
export function runLenses(uri: string, state: CostState, commands: EditorCommands, phrases: Phrases): CodeLens[] {
  const lens = (title: string, command: string): CodeLens => ({
    range: top,
    command: { title, command, arguments: [uri] },
  });
  const costs = wordsOf(state, phrases).map((title) =>
    lens(title, state.kind === 'failed' ? commands.check : commands.estimate),
  );
  return [lens(phrases.start, commands.start), lens(phrases.dryRun, commands.dryRun), ...costs];
}

function wordsOf(state: CostState, phrases: Phrases): string[] {
  switch (state.kind) {
    case 'known':
      return costWords(state.costs, phrases);
    case 'working':
      return [phrases.estimating];
    case 'failed':
      return [say(phrases.noEstimate, plain(state.reason))];
  }
}
