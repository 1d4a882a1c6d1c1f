// Diagnostics as they are typed: computed for the newest version of a document, told once it is settled.
import {
  DiagnosticSeverity,
  DiagnosticTag,
  type Connection,
  type Diagnostic,
  type Range,
} from 'vscode-languageserver/node';
import type { Place, Problem, Severity } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import { problemPage, type DocsLinks } from '../docsLinks.ts';
import type { OpenConfig } from '../documents.ts';
import { configProblems } from '../service/configProblems.ts';
import type { LanguageSettings } from '../settings.ts';
import type { Feature } from './feature.ts';

export const diagnosticsFeature: Feature = {
  capabilities: {},
  register(connection, context) {
    const tell = (config: OpenConfig): void => {
      void publish(connection, context, config).catch((error: unknown) => context.log.error(String(error)));
    };
    const tellAll = (): void => {
      for (const open of context.documents.all()) if (open.kind === 'config') tell(open);
    };
    context.documents.onChange(({ document }) => {
      if (document.kind === 'config') tell(document);
    });
    context.documents.onSave(tellAll);
    context.documents.onClose((uri) => void connection.sendDiagnostics({ uri, diagnostics: [] }));
    context.settings.onChange(tellAll);
    context.onNews(tellAll);
  },
};

async function publish(connection: Connection, context: ServerContext, config: OpenConfig): Promise<void> {
  const settings = await context.settings.of(config.uri);
  // Edits that came meanwhile have made a newer version of it.
  if (context.documents.config(config.uri) !== config) return;
  const { environment } = settings;
  const problems = configProblems(config.parsed(), environment, (usable) =>
    context.surroundings.facts(config.file, usable),
  );
  await connection.sendDiagnostics({
    uri: config.uri,
    version: config.document.version,
    diagnostics: problems.flatMap((problem) => toDiagnostic(problem, settings, context.docs) ?? []),
  });
}

/** A problem as LSP tells it; undefined when settings turn its code off. */
export function toDiagnostic(problem: Problem, settings: LanguageSettings, docs: DocsLinks): Diagnostic | undefined {
  const severity = settings.severities.get(problem.code) ?? problem.severity;
  if (severity === 'off') return undefined;
  const { page, anchor } = problemPage(problem.code);
  const details = (problem.details ?? []).map((line) => `\n${line}`).join('');
  return {
    range: rangeOf(problem.place),
    severity: severityOf(severity),
    code: problem.code,
    codeDescription: { href: docs.link(page, anchor) },
    source: 'Fine-Tune',
    message: problem.message + details,
    ...(problem.code.endsWith('-unused') ? { tags: [DiagnosticTag.Unnecessary] } : {}),
  };
}

/** LSP counts from 0; a place without an end marks the rest of its line. */
export function rangeOf(place: Place | undefined): Range {
  const line = Math.max(0, (place?.line ?? 1) - 1);
  const character = Math.max(0, (place?.column ?? 1) - 1);
  const endLine = place?.endLine === undefined ? line : Math.max(line, place.endLine - 1);
  const endCharacter = place?.endColumn === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, place.endColumn - 1);
  return { start: { line, character }, end: { line: endLine, character: Math.min(endCharacter, 2 ** 31 - 1) } };
}

/** A severity as LSP numbers it. */
export function severityOf(severity: Severity): DiagnosticSeverity {
  switch (severity) {
    case 'error':
      return DiagnosticSeverity.Error;
    case 'warning':
      return DiagnosticSeverity.Warning;
    case 'information':
      return DiagnosticSeverity.Information;
    case 'hint':
      return DiagnosticSeverity.Hint;
  }
}
