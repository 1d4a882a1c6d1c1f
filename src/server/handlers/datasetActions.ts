// Quick fixes of datasets: mend a finding, mend all of a kind after a preview, accept a finding in the sidecar.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { CodeAction, CodeActionParams, TextEdit, WorkspaceEdit } from 'vscode-languageserver/node';
import type { Finding } from '../../lint/finding.ts';
import { sidecarPath, withAcceptance, type Acceptance } from '../../lint/sidecar.ts';
import { isObject } from '../../data/formats/fields.ts';
import type { ServerContext } from '../context.ts';
import type { LintedDataset } from '../datasets/lintedDataset.ts';
import { lintedDatasets } from '../datasets/lintedDatasets.ts';
import { fileOf } from '../fileOf.ts';
import { toDiagnostic } from './datasetDiagnostics.ts';

/** Writes a sidecar; its argument is an `Acceptance` with the address of the dataset. */
export const acceptCommand = 'finetune.server.acceptFinding';

/** What a *fix all* carries until it is chosen. */
export interface FixAllData {
  readonly uri: string;
  /** Absent: all codes. */
  readonly code?: string;
}

/** Whether what an editor sent back is the data of a *fix all*. */
export function isFixAllData(value: unknown): value is FixAllData {
  if (!isObject(value) || typeof value['uri'] !== 'string') return false;
  return value['code'] === undefined || typeof value['code'] === 'string';
}

/** Whether an editor sent what `acceptCommand` takes. */
export function isAcceptance(value: unknown): value is Acceptance & { readonly uri: string } {
  if (!isObject(value) || typeof value['uri'] !== 'string' || typeof value['code'] !== 'string') return false;
  return value['row'] === undefined || typeof value['row'] === 'string';
}

/** Writes into the sidecar that a finding is accepted, and lints the dataset anew. Throws for a sidecar that is broken. */
export async function accept(
  context: ServerContext,
  { uri, ...acceptance }: Acceptance & { uri: string },
): Promise<void> {
  const file = fileOf(uri);
  if (file === undefined) return;
  const path = sidecarPath(file);
  const before = existsSync(path) ? await readFile(path, 'utf8') : '';
  await writeFile(path, withAcceptance(before, acceptance, path));
  lintedDatasets(context).restart(uri);
}

/** What is offered for the lines of a range. The edits of *fix all* are made when it is chosen (`resolveFixAll`). */
export function datasetActions(
  context: ServerContext,
  { textDocument, range, context: asked }: CodeActionParams,
): CodeAction[] {
  const { uri } = textDocument;
  const linted = lintedDatasets(context).of(uri);
  if (linted === undefined) return [];
  const wants = (kind: string): boolean => asked.only === undefined || asked.only.some((only) => kind.startsWith(only));
  const actions: CodeAction[] = [];
  const found = linted.on(range.start.line, range.end.line + 1).filter((finding) => touches(finding, range));
  if (wants('quickfix'))
    for (const finding of found) {
      const diagnostics = [toDiagnostic(finding, uri, context)];
      if (finding.fix) {
        const isPreferred = 'edits' in finding.fix;
        const edit = oneEdit(context, uri, editsOf(finding, linted));
        actions.push({ title: finding.fix.title, kind: 'quickfix', diagnostics, edit, isPreferred });
      }
      actions.push(...acceptActions(uri, finding, linted, diagnostics));
    }
  const fixable = new Set(found.filter(({ fix }) => fix).map(({ code }) => code));
  if (wants('quickfix'))
    for (const code of fixable)
      actions.push({
        title: `Fix all ${code} in this file…`,
        kind: 'quickfix',
        data: { uri, code } satisfies FixAllData,
      });
  if (wants('source.fixAll') && (asked.only !== undefined || fixable.size > 0))
    actions.push({
      title: 'Fix all that can be fixed…',
      kind: 'source.fixAll.finetune',
      data: { uri } satisfies FixAllData,
    });
  return actions;
}

function touches(finding: Finding, { start, end }: CodeActionParams['range']): boolean {
  const line = finding.line - 1;
  const isAfter = line === end.line && finding.start > end.character;
  const isBefore = line === start.line && finding.end < start.character;
  return !isAfter && !isBefore;
}

function acceptActions(
  uri: string,
  { code, line }: Finding,
  linted: LintedDataset,
  diagnostics: CodeAction['diagnostics'],
): CodeAction[] {
  if (!uri.startsWith('file:')) return [];
  const id = linted.rowId(line);
  const action = (title: string, row: string | undefined): CodeAction => ({
    title,
    kind: 'quickfix',
    ...(diagnostics ? { diagnostics } : {}),
    command: { title, command: acceptCommand, arguments: [{ uri, code, ...(row === undefined ? {} : { row }) }] },
  });
  return [
    ...(id === undefined ? [] : [action(`Accept ${code} in this row`, id)]),
    action(`Turn ${code} off in this file`, undefined),
  ];
}

function editsOf({ fix, line }: Finding, linted: LintedDataset): TextEdit[] {
  if (fix === undefined) return [];
  const at = line - 1;
  if ('edits' in fix)
    return fix.edits.map(({ start, end, newText }) => ({
      range: { start: { line: at, character: start }, end: { line: at, character: end } },
      newText,
    }));
  // The last line has no end of its own: that of the line before goes with it.
  const isLast = at === linted.lineCount - 1;
  const start = isLast && at > 0 ? { line: at - 1, character: Number.MAX_SAFE_INTEGER } : { line: at, character: 0 };
  const end = isLast ? { line: at, character: Number.MAX_SAFE_INTEGER } : { line: at + 1, character: 0 };
  return [{ range: { start: clipped(start), end: clipped(end) }, newText: '' }];
}

/** LSP's numbers have 31 bits. */
function clipped({ line, character }: { line: number; character: number }) {
  return { line, character: Math.min(character, 2 ** 31 - 1) };
}

function oneEdit(context: ServerContext, uri: string, edits: readonly TextEdit[]): WorkspaceEdit {
  const version = context.documents.dataset(uri)?.document.version ?? null;
  return { documentChanges: [{ textDocument: { uri, version }, edits: [...edits] }] };
}

/** All fixes of a file, or those of one code, as an edit that the editor shows before it is made. */
export function resolveFixAll(context: ServerContext, { uri, code }: FixAllData): WorkspaceEdit {
  const linted = lintedDatasets(context).of(uri);
  const version = context.documents.dataset(uri)?.document.version ?? null;
  const wanted = (linted?.all() ?? []).filter(
    (finding) => finding.fix && (code === undefined || finding.code === code),
  );
  const edits = withoutOverlaps(wanted).flatMap((finding) =>
    editsOf(finding, linted!).map((edit) => ({ ...edit, annotationId: finding.code })),
  );
  const annotations = [...new Set(wanted.map((finding) => finding.code))].map((id) => {
    const count = wanted.filter((finding) => finding.code === id).length;
    return [id, { label: id, description: `${count} findings`, needsConfirmation: true }] as const;
  });
  return {
    documentChanges: [{ textDocument: { uri, version }, edits }],
    changeAnnotations: Object.fromEntries(annotations),
  };
}

/** One fix for each place: the removal of a row goes before changes in it, and of two that overlap the first counts. */
function withoutOverlaps(findings: readonly Finding[]): Finding[] {
  const byLine = new Map<number, Finding[]>();
  for (const finding of findings) byLine.set(finding.line, [...(byLine.get(finding.line) ?? []), finding]);
  return [...byLine.values()].flatMap((all) => {
    const removal = all.find(({ fix }) => fix && 'deleteLine' in fix);
    if (removal) return [removal];
    const taken: { start: number; end: number }[] = [];
    return all.filter(({ fix }) => {
      const edits = fix && 'edits' in fix ? fix.edits : [];
      const overlaps = edits.some((edit) => taken.some(({ start, end }) => edit.start < end && start < edit.end));
      if (!overlaps) taken.push(...edits);
      return !overlaps;
    });
  });
}
