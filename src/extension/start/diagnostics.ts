// What a look at model and data finds before a start, as diagnostics. What is found while typing is the language server's.

import path from 'node:path';
import * as vscode from 'vscode';
import type { Disposable } from '../disposables.ts';
import type { Place, Problem, Severity } from '../../protocol/problem.ts';

export interface ConfigDiagnostics extends Disposable {
  /** Shows what a check of a config found, also in other files, until that config changes. */
  show(config: vscode.Uri, problems: readonly Problem[]): void;
}

export function provideDiagnostics(): ConfigDiagnostics {
  const checked = vscode.languages.createDiagnosticCollection('finetune-check');
  /** What each check found, by the config and the file it is about. */
  const found = new Map<string, ReadonlyMap<string, readonly vscode.Diagnostic[]>>();

  const clear = (config: vscode.Uri): void => {
    for (const file of found.get(config.toString())?.keys() ?? []) checked.delete(vscode.Uri.parse(file));
    found.delete(config.toString());
  };

  /** What the server says of a document already is not said twice. */
  const show = (file: string, diagnostics: readonly vscode.Diagnostic[]): void => {
    const uri = vscode.Uri.parse(file);
    const typed = vscode.languages.getDiagnostics(uri).filter((item) => !diagnostics.includes(item));
    const told = new Set(typed.filter((item) => typeof item.code === 'object').map(identity));
    const left = diagnostics.filter((item) => !told.has(identity(item)));
    const now = checked.get(uri) ?? [];
    const isShown = now.length === left.length && now.every((item, index) => identity(item) === identity(left[index]!));
    if (!isShown) checked.set(uri, left);
  };

  const listeners = [
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) clear(document.uri);
    }),
    vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      const changed = new Set(uris.map(String));
      for (const files of found.values()) {
        for (const [file, diagnostics] of files) if (changed.has(file)) show(file, diagnostics);
      }
    }),
  ];

  return {
    show(config, problems) {
      clear(config);
      const files = new Map<string, vscode.Diagnostic[]>();
      for (const problem of problems) {
        const file = path.resolve(path.dirname(config.fsPath), problem.place?.file ?? config.fsPath);
        const key = vscode.Uri.file(file).toString();
        files.set(key, [...(files.get(key) ?? []), diagnostic(problem)]);
      }
      found.set(config.toString(), files);
      for (const [file, diagnostics] of files) show(file, diagnostics);
    },
    dispose() {
      for (const item of [...listeners, checked]) item.dispose();
    },
  };
}

/** One problem is the same wherever it comes from: its code and where it begins. The server's codes carry a link. */
function identity({ code, range }: vscode.Diagnostic): string {
  const value = typeof code === 'object' ? code.value : code;
  return `${value}@${range.start.line}:${range.start.character}`;
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
