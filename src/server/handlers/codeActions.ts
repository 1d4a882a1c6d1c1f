// Code actions: quick fixes of problems, and everything that can be fixed at once. Other features add theirs to the list.
import {
  CodeActionKind,
  CodeActionTriggerKind,
  type CodeAction,
  type CodeActionParams,
  type Diagnostic,
  type TextEdit,
} from 'vscode-languageserver/node';
import type { ConfigFacts } from '../../config/facts.ts';
import type { ServerContext } from '../context.ts';
import type { OpenConfig } from '../documents.ts';
import { configProblems } from '../service/configProblems.ts';
import { fixAll } from '../service/fixAll.ts';
import { fixesOf } from '../service/fixes.ts';
import { rewrites } from '../service/rewrites.ts';
import type { Edit } from '../service/textChanges.ts';
import { accept, acceptCommand, datasetActions, isAcceptance, isFixAllData, resolveFixAll } from './datasetActions.ts';
import { rangeOf } from './diagnostics.ts';
import type { Feature } from './feature.ts';

/** Makes actions for a place of a document; answers nothing for documents that are not its own. */
export type CodeActionSource = (
  params: CodeActionParams,
  context: ServerContext,
) => CodeAction[] | Promise<CodeAction[]>;

const fixAllKind = `${CodeActionKind.SourceFixAll}.finetune`;

const sources: readonly CodeActionSource[] = [
  configFixes,
  configRewrites,
  (params, context) => datasetActions(context, params),
];

export const codeActionsFeature: Feature = {
  capabilities: {
    codeActionProvider: {
      codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, fixAllKind],
      resolveProvider: true,
    },
    executeCommandProvider: { commands: [acceptCommand] },
  },
  register(connection, context) {
    connection.onCodeAction(async (params) => {
      const found = await Promise.all(sources.map(async (source) => source(params, context)));
      return found.flat();
    });
    connection.onCodeActionResolve((action) =>
      isFixAllData(action.data) ? { ...action, edit: resolveFixAll(context, action.data) } : action,
    );
    connection.onExecuteCommand(async ({ command, arguments: [argument] = [] }) => {
      if (command === acceptCommand && isAcceptance(argument)) await accept(context, argument);
    });
  },
};

async function configFixes(params: CodeActionParams, context: ServerContext): Promise<CodeAction[]> {
  const config = context.documents.config(params.textDocument.uri);
  if (!config) return [];
  const { only } = params.context;
  const wants = (kind: string): boolean => !only || only.some((asked) => isKindOf(kind, asked));
  const settings = await context.settings.of(config.uri);
  const { environment } = settings;
  const text = config.parsed();
  let facts: ConfigFacts = context.surroundings.facts(config.file, undefined);
  const problems = configProblems(
    text,
    environment,
    (usable) => (facts = context.surroundings.facts(config.file, usable)),
  );
  const actions: CodeAction[] = [];
  if (wants(CodeActionKind.QuickFix)) {
    for (const diagnostic of params.context.diagnostics) {
      const problem = problems.find(
        ({ code, place }) => code === diagnostic.code && isSame(diagnostic, rangeOf(place)),
      );
      if (!problem) continue;
      for (const { title, edits, isPreferred } of fixesOf(problem, text, facts)) {
        const kind = CodeActionKind.QuickFix;
        actions.push({ title, kind, diagnostics: [diagnostic], isPreferred, edit: workspaceEdit(config, edits) });
      }
    }
  }
  const isAsked = only?.some((asked) => asked !== '' && isKindOf(fixAllKind, asked)) === true;
  if (isAsked || (!only && actions.length > 0 && problems.length > 1)) {
    const edits = fixAll(text, environment, (usable) => context.surroundings.facts(config.file, usable));
    const title = 'Fix everything that can be fixed in this config';
    const kind = isAsked ? fixAllKind : CodeActionKind.QuickFix;
    if (edits.length > 0) actions.push({ title, kind, edit: workspaceEdit(config, edits) });
  }
  return actions;
}

/** Another method, an evaluation block, fields in order: offered when a person asks, not at every move of the cursor. */
async function configRewrites(params: CodeActionParams, context: ServerContext): Promise<CodeAction[]> {
  const config = context.documents.config(params.textDocument.uri);
  const { only, triggerKind } = params.context;
  const kind = CodeActionKind.RefactorRewrite;
  const isAsked = only ? only.some((asked) => isKindOf(kind, asked)) : triggerKind !== CodeActionTriggerKind.Automatic;
  if (!config || !isAsked) return [];
  const { environment } = await context.settings.of(config.uri);
  const found = rewrites(config.parsed(), (text) =>
    configProblems(text, environment, (usable) => context.surroundings.facts(config.file, usable)),
  );
  return found.map(({ title, edits }) => ({ title, kind, edit: workspaceEdit(config, edits) }));
}

/** Whether a kind is one that was asked for: `refactor` asks for `refactor.rewrite` too. */
function isKindOf(kind: string, asked: string): boolean {
  return asked === '' || kind === asked || kind.startsWith(`${asked}.`);
}

function isSame({ range }: Diagnostic, other: Diagnostic['range']): boolean {
  return range.start.line === other.start.line && range.start.character === other.start.character;
}

/** Edits by offsets as LSP tells them. */
export function workspaceEdit(config: OpenConfig, edits: readonly Edit[]): NonNullable<CodeAction['edit']> {
  const changes = edits.map(({ start, end, newText }): TextEdit => ({
    range: { start: config.document.positionAt(start), end: config.document.positionAt(end) },
    newText,
  }));
  return { changes: { [config.uri]: changes } };
}
