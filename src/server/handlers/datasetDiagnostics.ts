// Findings of open datasets as diagnostics: changed rows at once, comparisons of rows when typing pauses.
import type { Connection, Diagnostic } from 'vscode-languageserver/node';
import type { Finding } from '../../lint/finding.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { ServerContext } from '../context.ts';
import { problemPage } from '../docsLinks.ts';
import type { OpenDataset } from '../documents.ts';
import { mostTold, type LintedDataset } from '../datasets/lintedDataset.ts';
import { lintedDatasets } from '../datasets/lintedDatasets.ts';
import { severityOf } from './diagnostics.ts';
import type { Feature } from './feature.ts';

export const datasetDiagnosticsFeature: Feature = {
  capabilities: {},
  register(connection, context) {
    lintedDatasets(context).onFound((dataset, linted, problem) =>
      publish(connection, context, dataset, linted, problem),
    );
  },
};

function publish(
  connection: Connection,
  context: ServerContext,
  { uri, document }: OpenDataset,
  linted: LintedDataset,
  problem: Problem | undefined,
): void {
  const { findings, more } = linted.told();
  const diagnostics = findings.map((finding) => toDiagnostic(finding, uri, context));
  if (more > 0)
    diagnostics.push(
      aboutFile(
        'lint/more-findings',
        3,
        `${more.toLocaleString('en-US')} further findings are not shown; an editor shows ${mostTold.toLocaleString('en-US')} of a file. finetune check tells all of them.`,
      ),
    );
  if (problem) diagnostics.push(aboutFile(problem.code, 1, problem.message));
  void connection
    .sendDiagnostics({ uri, version: document.version, diagnostics })
    .catch((error: unknown) => context.log.error(String(error)));
}

function aboutFile(code: string, severity: 1 | 3, message: string): Diagnostic {
  const start = { line: 0, character: 0 };
  return { range: { start, end: start }, severity, code, source: 'Fine-Tune', message };
}

/** A finding as LSP tells it: lines count from 0 there. */
export function toDiagnostic(finding: Finding, uri: string, { docs }: ServerContext): Diagnostic {
  const { page, anchor } = problemPage(finding.code);
  const line = finding.line - 1;
  return {
    range: { start: { line, character: finding.start }, end: { line, character: finding.end } },
    severity: severityOf(finding.severity),
    code: finding.code,
    codeDescription: { href: docs.link(page, anchor) },
    source: 'Fine-Tune',
    message: finding.message,
    ...(finding.relatedLine === undefined ? {} : { relatedInformation: [related(uri, finding.relatedLine)] }),
  };
}

function related(uri: string, line: number) {
  const start = { line: line - 1, character: 0 };
  return { location: { uri, range: { start, end: start } }, message: 'The other row' };
}
