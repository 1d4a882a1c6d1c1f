// The documents that are open in the editor, kept up to date by its edits; configs are parsed once for each version.
import { TextDocuments, type Connection } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { LineEdit } from '../lint/lines.ts';
import { DatasetText } from './datasetText.ts';
import { fileOf } from './fileOf.ts';
import { readConfigText, type ConfigText } from './service/configText.ts';

export type DocumentKind = 'config' | 'dataset';

interface OpenDocument {
  readonly uri: string;
  /** Absolute path; undefined for a document that was never saved. */
  readonly file: string | undefined;
}

export interface OpenConfig extends OpenDocument {
  readonly kind: 'config';
  readonly document: TextDocument;
  /** `finetune-json` is written as JSON, everything else as YAML. */
  readonly isJson: boolean;
  /** The text as the trainer reads it; parsed when first asked for, once for each version. */
  readonly parsed: () => ConfigText;
}

export interface OpenDataset extends OpenDocument {
  readonly kind: 'dataset';
  readonly document: DatasetText;
}

export interface DocumentChange {
  readonly document: OpenConfig | OpenDataset;
  /** Edits of a dataset's lines, in order; undefined for configs, and when the document was opened. */
  readonly edits: readonly LineEdit[] | undefined;
  readonly isOpening: boolean;
}

export interface Documents {
  config(uri: string): OpenConfig | undefined;
  dataset(uri: string): OpenDataset | undefined;
  all(): readonly (OpenConfig | OpenDataset)[];
  /** Told when a document was opened or edited. */
  onChange(listener: (change: DocumentChange) => void): void;
  onClose(listener: (uri: string, kind: DocumentKind) => void): void;
  onSave(listener: (document: OpenConfig | OpenDataset) => void): void;
}

/** What a document is to the server; undefined for what it does not look at. An `array` is a JSON file that holds a list. */
export function kindOf(languageId: string, uri: string, text: string): DocumentKind | 'array' | undefined {
  if (languageId === 'finetune-yaml' || languageId === 'finetune-json') return 'config';
  if (/\.finetune\.(ya?ml|json)$/i.test(uri)) return 'config';
  if (languageId === 'jsonl' || /\.(jsonl|ndjson)$/i.test(uri)) return 'dataset';
  return /\.json$/i.test(uri) && /^\ufeff?\s*\[/.test(text) && text.length <= largestArray ? 'array' : undefined;
}

/** An array is split anew after every edit; in characters. */
const largestArray = 10e6;

export function openDocuments(connection: Connection): Documents {
  const changeListeners: ((change: DocumentChange) => void)[] = [];
  const open = new Map<string, OpenConfig | OpenDataset>();
  const edits = new Map<string, readonly LineEdit[]>();
  const texts = new TextDocuments<TextDocument | DatasetText>({
    create(uri, languageId, version, content) {
      const kind = kindOf(languageId, uri, content);
      return kind === 'dataset' || kind === 'array'
        ? new DatasetText(uri, languageId, version, content, kind === 'array')
        : TextDocument.create(uri, languageId, version, content);
    },
    update(document, changes, version) {
      if (!(document instanceof DatasetText)) return TextDocument.update(document, changes, version);
      edits.set(document.uri, document.update(changes, version));
      return document;
    },
  });

  texts.onDidChangeContent(({ document }) => {
    const { uri } = document;
    if (kindOfOpen(document) === undefined) return;
    const base = { uri, file: fileOf(uri) };
    const isOpening = !open.has(uri);
    const item =
      document instanceof DatasetText
        ? ({ ...base, kind: 'dataset', document } as const)
        : openConfig({ ...base, document });
    open.set(uri, item);
    const made = edits.get(uri);
    edits.delete(uri);
    for (const listener of changeListeners) listener({ document: item, edits: made, isOpening });
  });
  texts.onDidClose(({ document }) => void open.delete(document.uri));
  texts.listen(connection);

  return {
    config(uri) {
      const found = open.get(uri);
      return found?.kind === 'config' ? found : undefined;
    },
    dataset(uri) {
      const found = open.get(uri);
      return found?.kind === 'dataset' ? found : undefined;
    },
    all: () => [...open.values()],
    onChange: (listener) => void changeListeners.push(listener),
    onClose(listener) {
      texts.onDidClose(({ document }) => {
        const kind = kindOfOpen(document);
        if (kind !== undefined) listener(document.uri, kind);
      });
    },
    onSave(listener) {
      texts.onDidSave(({ document }) => {
        const item = open.get(document.uri);
        if (item) listener(item);
      });
    },
  };
}

/** A document stays what it was when it was opened. */
function kindOfOpen(document: TextDocument | DatasetText): DocumentKind | undefined {
  if (document instanceof DatasetText) return 'dataset';
  return kindOf(document.languageId, document.uri, '') === 'config' ? 'config' : undefined;
}

function openConfig(base: OpenDocument & { readonly document: TextDocument }): OpenConfig {
  let parsed: ConfigText | undefined;
  const { document, file, uri } = base;
  const isJson = document.languageId === 'finetune-json' || /\.json$/i.test(uri);
  return {
    ...base,
    kind: 'config',
    isJson,
    parsed: () => (parsed ??= readConfigText(document.getText(), file ?? uri)),
  };
}
