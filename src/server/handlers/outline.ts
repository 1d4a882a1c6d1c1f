// A config as editors show and walk it: symbols, folding, selection, formatting.
import {
  DocumentFormattingRequest,
  FoldingRangeKind,
  SymbolKind,
  type ClientCapabilities,
  type DocumentSymbol,
  type FoldingRange,
  type SelectionRange,
  type TextEdit,
} from 'vscode-languageserver/node';
import { formatted } from '../service/layout.ts';
import { folds, outline, placesAround, type OutlineField } from '../service/outline.ts';
import { differenceOf } from '../service/textChanges.ts';
import { rangeOf } from './diagnostics.ts';
import type { Feature } from './feature.ts';

export const outlineFeature: Feature = {
  capabilities: (client) => ({
    documentSymbolProvider: true,
    foldingRangeProvider: true,
    selectionRangeProvider: true,
    ...(canRegister(client) ? {} : { documentFormattingProvider: true }),
  }),
  register(connection, { documents, onReady }) {
    onReady((client) => {
      if (!canRegister(client)) return;
      void connection.client.register(DocumentFormattingRequest.type, { documentSelector: [...configLanguages] });
    });
    connection.onDocumentSymbol(({ textDocument }) => {
      const config = documents.config(textDocument.uri);
      return config ? outline(config.parsed()).map(symbolOf) : [];
    });
    connection.onFoldingRanges(({ textDocument }): FoldingRange[] => {
      const config = documents.config(textDocument.uri);
      return (config ? folds(config.parsed()) : []).map(({ start, end, isComment }) => ({
        startLine: start - 1,
        endLine: end - 1,
        ...(isComment ? { kind: FoldingRangeKind.Comment } : {}),
      }));
    });
    connection.onSelectionRanges(({ textDocument, positions }): SelectionRange[] => {
      const config = documents.config(textDocument.uri);
      if (!config) return positions.map((at) => ({ range: { start: at, end: at } }));
      const end = config.document.positionAt(config.document.getText().length);
      const whole: SelectionRange = { range: { start: { line: 0, character: 0 }, end } };
      return positions.map(({ line, character }) => {
        const places = placesAround(config.parsed(), line + 1, character + 1);
        return places.reduceRight<SelectionRange>((parent, place) => ({ range: rangeOf(place), parent }), whole);
      });
    });
    connection.onDocumentFormatting(({ textDocument }): TextEdit[] => {
      const config = documents.config(textDocument.uri);
      if (!config) return [];
      const text = config.document.getText();
      return differenceOf(text, formatted(text, config.isJson) ?? text).map(({ start, end, newText }) => ({
        range: { start: config.document.positionAt(start), end: config.document.positionAt(end) },
        newText,
      }));
    });
  },
};

const configLanguages = [{ language: 'finetune-yaml' }, { language: 'finetune-json' }] as const;

/** Datasets are served too, but not laid out: there an editor must not take us for a formatter. */
function canRegister({ textDocument }: ClientCapabilities): boolean {
  return textDocument?.formatting?.dynamicRegistration === true;
}

function symbolOf({ name, detail, whole, label, isBlock, children }: OutlineField): DocumentSymbol {
  return {
    // Editors refuse symbols without a name.
    name: name.trim() === '' ? '""' : name,
    ...(detail === '' ? {} : { detail }),
    kind: isBlock ? SymbolKind.Object : SymbolKind.Field,
    range: rangeOf(whole),
    selectionRange: rangeOf(label),
    children: children.map(symbolOf),
  };
}
