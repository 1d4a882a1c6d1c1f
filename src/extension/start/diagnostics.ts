// Problems as diagnostics: those of a config while it is written, and those that a look at model and data finds.

import path from 'node:path';
import * as vscode from 'vscode';
import type { Disposable } from '../disposables.ts';
import type { Place, Problem, Severity } from '../../protocol/problem.ts';
import { isConfigUri, readConfig } from './configs.ts';

export interface ConfigDiagnostics extends Disposable {
  /** Shows what a check of a config found, also in other files, until that config changes. */
  show(config: vscode.Uri, problems: readonly Problem[]): void;
}

/** Time without typing before a config is read again, in milliseconds. */
const pause = 250;

export function provideDiagnostics(): ConfigDiagnostics {
  const typed = vscode.languages.createDiagnosticCollection('finetune');
  const checked = vscode.languages.createDiagnosticCollection('finetune-check');
  const checkedFiles = new Map<string, vscode.Uri[]>();
  const timers = new Map<string, NodeJS.Timeout>();

  const clearChecked = (config: vscode.Uri): void => {
    for (const file of checkedFiles.get(config.toString()) ?? []) checked.delete(file);
    checkedFiles.delete(config.toString());
  };

  const read = async (document: vscode.TextDocument): Promise<void> => {
    const { version } = document;
    const { problems } = await readConfig(document.uri, document.getText());
    if (document.isClosed || document.version !== version) return;
    const own = problems.filter(({ place }) => place === undefined || place.file === document.uri.fsPath);
    typed.set(
      document.uri,
      own.map((problem) => diagnostic(problem)),
    );
  };

  const soon = (document: vscode.TextDocument, delay: number): void => {
    if (!isConfigUri(document.uri)) return;
    const key = document.uri.toString();
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key);
        void read(document);
      }, delay),
    );
  };
  for (const document of vscode.workspace.textDocuments) soon(document, 0);

  const listeners = [
    vscode.workspace.onDidOpenTextDocument((document) => soon(document, 0)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (isConfigUri(document.uri)) clearChecked(document.uri);
      soon(document, pause);
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => typed.delete(uri)),
  ];

  return {
    show(config, problems) {
      clearChecked(config);
      const files = new Map<string, vscode.Diagnostic[]>();
      for (const problem of problems) {
        const file = path.resolve(path.dirname(config.fsPath), problem.place?.file ?? config.fsPath);
        files.set(file, [...(files.get(file) ?? []), diagnostic(problem)]);
      }
      // What typing finds anyway is not shown twice.
      typed.delete(config);
      const uris = [...files].map(([file, found]) => {
        const uri = vscode.Uri.file(file);
        checked.set(uri, found);
        return uri;
      });
      checkedFiles.set(config.toString(), uris);
    },
    dispose() {
      for (const timer of timers.values()) clearTimeout(timer);
      for (const item of [...listeners, typed, checked]) item.dispose();
    },
  };
}

function diagnostic(problem: Problem): vscode.Diagnostic {
  const details = (problem.details ?? []).map((line) => `\n${line}`).join('');
  const item = new vscode.Diagnostic(rangeOf(problem.place), problem.message + details, severityOf(problem.severity));
  item.source = 'Fine-Tune';
  item.code = problem.code;
  return item;
}

/** The editor counts from 0; a place without an end marks the rest of its line. */
function rangeOf(place: Place | undefined): vscode.Range {
  const line = Math.max(0, (place?.line ?? 1) - 1);
  const column = Math.max(0, (place?.column ?? 1) - 1);
  const endLine = place?.endLine === undefined ? line : place.endLine - 1;
  const endColumn = place?.endColumn === undefined ? Number.MAX_SAFE_INTEGER : place.endColumn - 1;
  return new vscode.Range(line, column, Math.max(line, endLine), endColumn);
}

function severityOf(severity: Severity): vscode.DiagnosticSeverity {
  switch (severity) {
    case 'error':
      return vscode.DiagnosticSeverity.Error;
    case 'warning':
      return vscode.DiagnosticSeverity.Warning;
    case 'information':
      return vscode.DiagnosticSeverity.Information;
    case 'hint':
      return vscode.DiagnosticSeverity.Hint;
  }
}
